// The outside library, included here only: one of its headers defines REQUIRES, which is also our thread annotation.
#pragma once

#include "base/mutex.hpp"

#pragma push_macro("REQUIRES")
#undef REQUIRES
#include <pistache/listener.h>
#include <pistache/peer.h>
#include <pistache/tcp.h>
#include <pistache/transport.h>
#undef REQUIRES
#pragma pop_macro("REQUIRES")
