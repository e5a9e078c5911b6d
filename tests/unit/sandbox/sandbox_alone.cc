#include "sandbox/command.h"

int main(int argc, char** argv) { return easel::sandbox::RunSandbox({argv + 1, argv + argc}); }
