#include <iostream>

#include "app/config_print.h"

int main() { std::cout << easel::app::PrintTable(); }
