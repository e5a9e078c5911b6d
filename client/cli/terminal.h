#pragma once

namespace easel::cli {

// Whether the descriptor (1: standard output, 2: standard error) is a terminal that a person looks at.
bool IsTerminal(int descriptor);

// Whether lines can be redrawn there: a terminal, and not TERM=dumb.
bool CanRedraw(int descriptor);

// Its columns now; 80 where it cannot tell.
int Width(int descriptor);

}  // namespace easel::cli
