#pragma once

// How values travel: the models that come with the library. What they do not fit: specialise codec, or use an adapter.
#include <workpool/ipc/codec.hpp>
#include <workpool/ipc/codecs/aggregate_codec.hpp>
#include <workpool/ipc/codecs/array_codec.hpp>
#include <workpool/ipc/codecs/buffer_codec.hpp>
#include <workpool/ipc/codecs/choice_codec.hpp>
#include <workpool/ipc/codecs/measure_codec.hpp>
#include <workpool/ipc/codecs/opaque_codec.hpp>
#include <workpool/ipc/codecs/range_codec.hpp>
#include <workpool/ipc/codecs/scalar_codec.hpp>
#include <workpool/ipc/codecs/span_codec.hpp>
#include <workpool/ipc/codecs/text_codec.hpp>
#include <workpool/ipc/codecs/tuple_codec.hpp>
