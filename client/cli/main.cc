#include "cli/app.h"

int main(int argc, char** argv) { return easel::cli::Run({argv + 1, argv + argc}); }
