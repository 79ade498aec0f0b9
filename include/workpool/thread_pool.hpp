#pragma once
#include <workpool/pool/thread_pool.hpp>
