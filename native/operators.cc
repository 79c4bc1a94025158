// Any operator of libtorch's dispatcher, by schema name, called boxed.
#include "module.h"
#include "values.h"

#include <ATen/core/stack.h>

namespace bgb {

namespace {

// "aten::add.Tensor" -> id for callOperator; throws if this libtorch has no such operator.
Napi::Value operatorId(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  auto& environment = Environment::of(env);
  const std::string name = info[0].As<Napi::String>();
  const auto known = environment.operatorIds.find(name);
  if (known != environment.operatorIds.end()) return Napi::Number::New(env, static_cast<double>(known->second));
  const auto dot = name.find('.');
  const auto handle = c10::Dispatcher::singleton().findSchema(
      {name.substr(0, dot), dot == std::string::npos ? "" : name.substr(dot + 1)});
  if (!handle) return Napi::Number::New(env, -1);
  const size_t id = environment.operators.size();
  environment.operators.push_back(*handle);
  environment.operatorIds.emplace(name, id);
  return Napi::Number::New(env, static_cast<double>(id));
}

const c10::OperatorHandle& operatorOf(const Napi::CallbackInfo& info) {
  auto& operators = Environment::of(info.Env()).operators;
  const uint32_t id = info[0].As<Napi::Number>();
  if (id >= operators.size()) throw Napi::TypeError::New(info.Env(), "no operator has this id");
  return operators[id];
}

std::string schemaText(const c10::FunctionSchema& schema) {
  std::ostringstream text;
  text << schema;
  return text.str();
}

Napi::Value operatorSchema(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::String::New(info.Env(), schemaText(operatorOf(info).schema())); });
}

Napi::Value operatorArguments(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  const auto& arguments = operatorOf(info).schema().arguments();
  auto names = Napi::Array::New(env, arguments.size());
  for (size_t i = 0; i < arguments.size(); i++) names.Set(static_cast<uint32_t>(i), arguments[i].name());
  return names;
}

// (id, values in the schema's order; undefined takes the default). Returns the one result, or an array.
Napi::Value callOperator(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const auto& handle = operatorOf(info);
    const auto& arguments = handle.schema().arguments();
    const auto values = info[1].As<Napi::Array>();
    const uint32_t given = values.Length();
    torch::jit::Stack stack;
    stack.reserve(std::max(arguments.size(), handle.schema().returns().size()));
    for (uint32_t i = 0; i < arguments.size(); i++) {
      const Napi::Value value = i < given ? values.Get(i) : env.Undefined();
      if (value.IsUndefined() && arguments[i].default_value()) {
        stack.push_back(*arguments[i].default_value());
      } else if (value.IsUndefined() && arguments[i].type()->kind() != c10::TypeKind::OptionalType) {
        throw Napi::TypeError::New(env, "argument " + arguments[i].name() + " is missing; the schema is " +
                                            schemaText(handle.schema()));
      } else {
        stack.push_back(toIValue(value, arguments[i]));
      }
    }
    handle.callBoxed(&stack);
    if (stack.empty()) return env.Undefined();
    if (stack.size() == 1) return fromIValue(env, stack[0]);
    auto results = Napi::Array::New(env, stack.size());
    for (uint32_t i = 0; i < stack.size(); i++) results.Set(i, fromIValue(env, stack[i]));
    return results;
  });
}

// The schemas of every operator that the dispatcher knows, for native/schemas/ and for `has`.
Napi::Value allSchemas(const Napi::CallbackInfo& info) {
  auto env = info.Env();
  return guarded(env, [&] {
    auto texts = Napi::Array::New(env);
    uint32_t count = 0;
    for (const auto& name : c10::Dispatcher::singleton().getAllOpNames()) {
      const auto handle = c10::Dispatcher::singleton().findSchema(name);
      if (handle) texts.Set(count++, schemaText(handle->schema()));
    }
    return texts;
  });
}

}  // namespace

void defineOperators(Napi::Env env, Napi::Object exports) {
  exports.Set("operatorId", Napi::Function::New<operatorId>(env));
  exports.Set("operatorSchema", Napi::Function::New<operatorSchema>(env));
  exports.Set("operatorArguments", Napi::Function::New<operatorArguments>(env));
  exports.Set("callOperator", Napi::Function::New<callOperator>(env));
  exports.Set("allSchemas", Napi::Function::New<allSchemas>(env));
}

}  // namespace bgb
