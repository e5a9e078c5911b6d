#pragma once

namespace easel {

// How often this process has asked the system to bring a file's contents to the disk, by fdatasync, which is what SQLite
// calls. Linking sync_count.cc puts a counter in front of the system's.
int SyncsSoFar();

}  // namespace easel
