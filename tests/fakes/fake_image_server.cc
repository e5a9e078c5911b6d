// The fake ImageService as a program, for black-box tests: prints its address as its first line, and ends when its
// standard input does.
#include <iostream>
#include <string>

#include "tests/fakes/fake_image_service.h"

int main() {
  const easel::fakes::FakeImageService service;
  std::cout << service.address() << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
}
