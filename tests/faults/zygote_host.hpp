#pragma once

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>
#include <workpool/detail/posix/orphan_sweep.hpp>
#include <workpool/worker/zygote_hall.hpp>
#include <workpool/worker_entry.hpp>

#include "fault.hpp"
#include "support/eventually.hpp"
#include "support/left_behind.hpp"
#include "support/processes_marked.hpp"
#include "support/zygote_talk.hpp"

/// What the programs about zygotes share.
namespace fault {

using workpool_test::processes_marked;

}  // namespace fault
