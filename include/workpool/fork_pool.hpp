#pragma once
#include <workpool/pool/fork_pool.hpp>
