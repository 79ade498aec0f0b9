#pragma once

/// The host's side: prints a request to call `function` in a worker, and what comes of it here.
void request(const char* name, int (*function)(int));

/// Where a function lies in this process, for comparisons.
const void* address_of(int (*function)(int));

/// The worker's side: answers the requests on standard input, one line each: "<name> good", "<name> wrong: …" or
/// "<name> refused: …".
int answer_requests();
