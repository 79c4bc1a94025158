#include "values.h"

#include "tensor.h"

#include <ATen/core/List.h>
#include <c10/core/MemoryFormat.h>

#include <cmath>

namespace bgb {

namespace {

constexpr double MAX_SAFE_INTEGER = 9007199254740991.0;

[[noreturn]] void mismatch(const Napi::Value& value, const std::string& argument, const std::string& expected) {
  std::string found = value.IsNull() ? "null" : value.IsUndefined() ? "undefined" : value.ToString().Utf8Value();
  throw Napi::TypeError::New(value.Env(), "argument " + argument + ": expected " + expected + ", found " +
                                              (value.IsString() ? "'" + found.substr(0, 60) + "'" : found.substr(0, 60)));
}

// In a schema dtype, layout and memory format are all of type int; their names do not overlap.
const std::unordered_map<std::string, int64_t>& namedIntegers() {
  static const std::unordered_map<std::string, int64_t> names = [] {
    std::unordered_map<std::string, int64_t> map{
        {"strided", static_cast<int64_t>(c10::Layout::Strided)},
        {"contiguous_format", static_cast<int64_t>(c10::MemoryFormat::Contiguous)},
        {"preserve_format", static_cast<int64_t>(c10::MemoryFormat::Preserve)},
        {"channels_last", static_cast<int64_t>(c10::MemoryFormat::ChannelsLast)},
    };
    for (auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort, at::kChar,
                      at::kByte, at::kBool, at::kComplexFloat, at::kComplexDouble})
      map.emplace(dtypeName(type), static_cast<int64_t>(type));
    return map;
  }();
  return names;
}

int64_t toInteger(const Napi::Value& value, const std::string& argument) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (std::nearbyint(number) == number && std::fabs(number) <= MAX_SAFE_INTEGER) return static_cast<int64_t>(number);
  } else if (value.IsBigInt()) {
    bool lossless = false;
    const int64_t number = value.As<Napi::BigInt>().Int64Value(&lossless);
    if (lossless) return number;
  } else if (value.IsString()) {
    const auto found = namedIntegers().find(value.As<Napi::String>());
    if (found != namedIntegers().end()) return found->second;
    mismatch(value, argument, "an integer, or the name of a dtype or memory format");
  }
  mismatch(value, argument, "an integer");
}

double toDouble(const Napi::Value& value, const std::string& argument) {
  if (!value.IsNumber()) mismatch(value, argument, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

bool toBoolean(const Napi::Value& value, const std::string& argument) {
  if (!value.IsBoolean()) mismatch(value, argument, "true or false");
  return value.As<Napi::Boolean>();
}

// JavaScript has one number type. A whole number is passed as an integer scalar, which takes the tensor's own
// dtype in type promotion, so that float32 + 1 stays float32 and int64 + 1 stays int64.
c10::IValue toScalar(const Napi::Value& value, const std::string& argument) {
  if (value.IsBoolean()) return at::Scalar(static_cast<bool>(value.As<Napi::Boolean>()));
  if (value.IsBigInt()) return at::Scalar(toInteger(value, argument));
  const double number = toDouble(value, argument);
  const bool isNegativeZero = number == 0 && std::signbit(number);
  if (std::nearbyint(number) == number && std::fabs(number) <= MAX_SAFE_INTEGER && !isNegativeZero)
    return at::Scalar(static_cast<int64_t>(number));
  return at::Scalar(number);
}

template <typename Item, typename Convert>
c10::List<Item> toList(const Napi::Value& value, const std::string& argument, c10::optional<int32_t> width,
                       Convert convert) {
  c10::List<Item> list;
  if (!value.IsArray()) {
    // `int[2] stride` takes one number for both, as in Python.
    if (!width || *width <= 0) mismatch(value, argument, "an array");
    for (int32_t i = 0; i < *width; i++) list.push_back(convert(value, argument));
    return list;
  }
  const auto array = value.As<Napi::Array>();
  const uint32_t length = array.Length();
  list.reserve(length);
  for (uint32_t i = 0; i < length; i++) list.push_back(convert(array[i], argument));
  return list;
}

c10::IValue convertTo(const Napi::Value& value, const c10::TypePtr& type, const std::string& argument,
                      c10::optional<int32_t> width) {
  using Kind = c10::TypeKind;
  const bool isMissing = value.IsNull() || value.IsUndefined();
  switch (type->kind()) {
    case Kind::OptionalType:
      if (isMissing) return {};
      return convertTo(value, type->castRaw<c10::OptionalType>()->getElementType(), argument, width);
    case Kind::TensorType: return TensorBase::unwrap(value, argument);
    case Kind::SymIntType:
    case Kind::IntType: return toInteger(value, argument);
    case Kind::FloatType: return toDouble(value, argument);
    case Kind::BoolType: return toBoolean(value, argument);
    case Kind::NumberType: return toScalar(value, argument);
    case Kind::StringType:
      if (!value.IsString()) mismatch(value, argument, "a string");
      return std::string(value.As<Napi::String>());
    case Kind::DeviceObjType:
      if (!value.IsString()) mismatch(value, argument, "a device such as 'cpu' or 'cuda:0'");
      return c10::Device(std::string(value.As<Napi::String>()));
    case Kind::ListType: {
      const auto element = type->castRaw<c10::ListType>()->getElementType();
      switch (element->kind()) {
        case Kind::TensorType: return toList<at::Tensor>(value, argument, width, TensorBase::unwrap);
        case Kind::SymIntType:
        case Kind::IntType: return toList<int64_t>(value, argument, width, toInteger);
        case Kind::FloatType: return toList<double>(value, argument, width, toDouble);
        case Kind::BoolType: return toList<bool>(value, argument, width, toBoolean);
        case Kind::NumberType:
          return toList<at::Scalar>(value, argument, width, [](const Napi::Value& item, const std::string& name) {
            return toScalar(item, name).toScalar();
          });
        case Kind::OptionalType:
          return toList<c10::optional<at::Tensor>>(
              value, argument, width, [](const Napi::Value& item, const std::string& name) {
                return item.IsNull() || item.IsUndefined() ? c10::optional<at::Tensor>()
                                                           : c10::optional<at::Tensor>(TensorBase::unwrap(item, name));
              });
        default: break;
      }
      break;
    }
    default: break;
  }
  throw Napi::TypeError::New(value.Env(), "argument " + argument + ": the bridge cannot pass type " + type->str());
}

template <typename List, typename Convert>
Napi::Value toArray(Napi::Env env, const List& list, Convert convert) {
  auto array = Napi::Array::New(env, list.size());
  for (size_t i = 0; i < list.size(); i++) array.Set(static_cast<uint32_t>(i), convert(list[i]));
  return array;
}

Napi::Value fromInteger(Napi::Env env, int64_t value) {
  if (std::fabs(static_cast<double>(value)) <= MAX_SAFE_INTEGER) return Napi::Number::New(env, static_cast<double>(value));
  return Napi::BigInt::New(env, value);
}

}  // namespace

c10::IValue toIValue(const Napi::Value& value, const c10::Argument& argument) {
  return convertTo(value, argument.type(), argument.name(), argument.N());
}

Napi::Value fromIValue(Napi::Env env, const c10::IValue& value) {
  if (value.isTensor()) return TensorBase::wrap(env, value.toTensor());
  if (value.isNone()) return env.Null();
  if (value.isInt()) return fromInteger(env, value.toInt());
  if (value.isDouble()) return Napi::Number::New(env, value.toDouble());
  if (value.isBool()) return Napi::Boolean::New(env, value.toBool());
  if (value.isString()) return Napi::String::New(env, value.toStringRef());
  if (value.isDevice()) return Napi::String::New(env, value.toDevice().str());
  if (value.isTensorList())
    return toArray(env, value.toTensorVector(), [&](const at::Tensor& item) { return TensorBase::wrap(env, item); });
  if (value.isIntList())
    return toArray(env, value.toIntVector(), [&](int64_t item) { return fromInteger(env, item); });
  if (value.isDoubleList())
    return toArray(env, value.toDoubleVector(), [&](double item) { return Napi::Number::New(env, item); });
  if (value.isList() || value.isTuple()) {
    const auto items = value.isList() ? value.toListRef().vec() : std::vector<c10::IValue>(value.toTupleRef().elements());
    return toArray(env, items, [&](const c10::IValue& item) { return fromIValue(env, item); });
  }
  if (value.isScalar()) {
    const auto scalar = value.toScalar();
    if (scalar.isBoolean()) return Napi::Boolean::New(env, scalar.toBool());
    return scalar.isIntegral(false) ? fromInteger(env, scalar.toLong()) : Napi::Number::New(env, scalar.toDouble());
  }
  throw Napi::TypeError::New(env, "the bridge cannot return a value of type " + value.tagKind());
}

at::ScalarType parseDtype(Napi::Env env, const std::string& name) {
  for (auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort, at::kChar,
                    at::kByte, at::kBool, at::kComplexFloat, at::kComplexDouble})
    if (name == dtypeName(type)) return type;
  throw Napi::TypeError::New(env, "unknown dtype '" + name + "'");
}

std::vector<int64_t> toSizes(const Napi::Value& value, const std::string& argument) {
  if (!value.IsArray()) mismatch(value, argument, "an array of sizes");
  const auto array = value.As<Napi::Array>();
  std::vector<int64_t> sizes(array.Length());
  for (uint32_t i = 0; i < sizes.size(); i++) sizes[i] = toInteger(array[i], argument);
  return sizes;
}

}  // namespace bgb
