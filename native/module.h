// What each part of the bridge adds to the addon's exports.
#pragma once
#include "environment.h"

namespace bgb {
void defineOperators(Napi::Env env, Napi::Object exports);
void defineMemory(Napi::Env env, Napi::Object exports);
void defineAutograd(Napi::Env env, Napi::Object exports);
void defineKernels(Napi::Env env, Napi::Object exports);
void defineGraphs(Napi::Env env, Napi::Object exports);
void defineDevices(Napi::Env env, Napi::Object exports);
void defineProcessGroups(Napi::Env env, Napi::Object exports);
void defineGradientReducer(Napi::Env env, Napi::Object exports);
}  // namespace bgb
