#pragma once
#include <workpool/pool/fork_pool.hpp>

/// Sends code of every kind there is to the workers, that of the library it is linked with too, and says on standard
/// output what comes of it, a line each: "<prefix>_<name> good", "… wrong: …" or "… refused: …". The same source is
/// part of programs and of a library that they open.
extern "C" [[gnu::visibility("default")]] void send_code(workpool::fork_pool& pool, const char* prefix);

/// For options.on_start, which is called by its address, too.
extern void (*const on_start)(workpool::worker_id);
