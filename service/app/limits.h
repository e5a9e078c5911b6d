#pragma once

namespace easel::app {

// Ten thousand callers are ten thousand descriptors: takes the hard limit as the soft one.
void RaiseDescriptorLimit();

}  // namespace easel::app
