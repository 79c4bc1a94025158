// JavaScript values to and from libtorch's IValue, led by the types in an operator's schema.
#pragma once
#include "environment.h"

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

namespace bgb {

// Throws a TypeError that names the argument, what was expected and what was found.
c10::IValue toIValue(const Napi::Value& value, const c10::Argument& argument);
Napi::Value fromIValue(Napi::Env env, const c10::IValue& value);

at::ScalarType parseDtype(Napi::Env env, const std::string& name);
std::vector<int64_t> toSizes(const Napi::Value& value, const std::string& argument);

}  // namespace bgb
