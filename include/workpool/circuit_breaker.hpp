#pragma once
/// The circuit breaker alone.
#include <workpool/resilience/circuit_breaker.hpp>
