// The SSD kernels on the CPU beside the recurrence in float64, step by step, with gradients derived by hand.
#define P 32
#define N 16
#include "emulated_cuda.h"

#include "ssd.inc"

namespace {

template <class T>
std::vector<T> random(size_t count) {
  std::vector<T> values(count);
  for (auto& value : values) value = narrow<T>(static_cast<float>(drawn()));
  return values;
}
template <class T>
std::vector<double> exact(const std::vector<T>& values) {
  std::vector<double> result;
  for (const auto value : values) result.push_back(wide(value));
  return result;
}

template <class T>
void compare(int batch, int length, int directions, int startsReversed) {
  using S = Sizes<T>;
  const int heads = 2, inner = heads * P, width = inner + 2 * N, chunks = (length + Q - 1) / Q;
  const int sequences = batch * directions, ofDirection = heads + 6, stride = directions * ofDirection + 2;
  const auto mixed = random<T>(static_cast<size_t>(sequences) * length * width);
  const auto raw = random<T>(static_cast<size_t>(batch) * length * stride);
  const auto dy = random<T>(static_cast<size_t>(sequences) * length * inner);
  std::vector<float> bias, logA, skip;
  for (int i = 0; i < directions * heads; i++) {
    bias.push_back(-3 + drawn());
    logA.push_back(std::log(1 + 7.5 * (drawn() + 1)));
    skip.push_back(drawn());
  }
  const T unset = narrow<T>(NAN);
  std::vector<T> y(dy.size(), unset), states(static_cast<size_t>(sequences) * heads * chunks * N * P, unset);
  std::vector<T> dx(dy.size(), unset), dmixed(static_cast<size_t>(sequences) * heads * length * 2 * N, unset);
  std::vector<T> draw(raw.size(), narrow<T>(0));
  std::vector<float> perHead(3 * sequences * heads, NAN);
  const size_t forward = sizeof(T) * (Q * S::X + 2 * Q * S::S + Q * S::M + N * S::X) + 4 * 2 * Q;
  const size_t backward = sizeof(T) * (2 * Q * S::X + 3 * Q * S::S + 2 * Q * S::M + 2 * N * S::X) + 4 * (9 * Q + 4);
  launch(sequences * heads, LANES_OF_BLOCK, forward, [&] {
    ssdForward<T>(mixed.data(), raw.data(), stride, bias.data(), logA.data(), skip.data(), y.data(), states.data(),
                  length, heads, chunks, directions, ofDirection, startsReversed);
  });
  launch(sequences * heads, LANES_OF_BLOCK, backward, [&] {
    ssdBackward<T>(mixed.data(), raw.data(), stride, bias.data(), logA.data(), skip.data(), states.data(), dy.data(),
                   dx.data(), dmixed.data(), draw.data(), perHead.data(), length, heads, chunks, directions,
                   ofDirection, startsReversed);
  });

  const auto in = exact(mixed), steps = exact(raw), gradients = exact(dy);
  std::vector<double> expectedY(y.size()), expectedX(y.size()), expectedMixed(dmixed.size()),
      expectedRaw(raw.size()), expectedHead(perHead.size());
  const int states1 = N * P, count = sequences * heads;
  for (int block = 0; block < count; block++) {
    const int head = block % heads, sequence = block / heads, direction = sequence % directions;
    const int parameter = direction * heads + head;
    const bool isReversed = (direction + startsReversed) % 2;
    const double A = -std::exp(static_cast<double>(logA[parameter]));
    const auto at = [&](int step) { return static_cast<size_t>(isReversed ? length - 1 - step : step); };
    const auto row = [&](int step) { return &in[(sequence * length + at(step)) * width]; };
    const auto rawAt = [&](int step) {
      return ((sequence / directions) * length + at(step)) * stride + direction * ofDirection + head;
    };
    std::vector<std::vector<double>> h(length + 1, std::vector<double>(states1));
    std::vector<double> dt(length);
    for (int t = 0; t < length; t++) {
      dt[t] = std::log1p(std::exp(steps[rawAt(t)] + bias[parameter]));
      const double *x = row(t) + head * P, *b = row(t) + inner, *c = b + N;
      for (int n = 0; n < N; n++)
        for (int p = 0; p < P; p++) h[t + 1][n * P + p] = std::exp(dt[t] * A) * h[t][n * P + p] + dt[t] * b[n] * x[p];
      for (int p = 0; p < P; p++) {
        double sum = skip[parameter] * x[p];
        for (int n = 0; n < N; n++) sum += c[n] * h[t + 1][n * P + p];
        expectedY[(sequence * length + at(t)) * inner + head * P + p] = sum;
      }
    }
    std::vector<double> dh(states1);
    for (int t = length - 1; t >= 0; t--) {
      const double *x = row(t) + head * P, *b = row(t) + inner, *c = b + N;
      const double* g = &gradients[(sequence * length + at(t)) * inner + head * P];
      double* byMixed = &expectedMixed[(static_cast<size_t>(block) * length + at(t)) * 2 * N];
      double byStep = 0, byDecay = 0;
      for (int n = 0; n < N; n++)
        for (int p = 0; p < P; p++) {
          dh[n * P + p] += g[p] * c[n];
          byMixed[n] += dh[n * P + p] * dt[t] * x[p];
          byMixed[N + n] += g[p] * h[t + 1][n * P + p];
        }
      for (int p = 0; p < P; p++) {
        double sum = 0;
        for (int n = 0; n < N; n++) sum += dh[n * P + p] * b[n];
        byStep += sum * x[p];
        expectedX[(sequence * length + at(t)) * inner + head * P + p] = sum * dt[t] + skip[parameter] * g[p];
        expectedHead[2 * count + block] += g[p] * x[p];
      }
      for (int i = 0; i < states1; i++) {
        dh[i] *= std::exp(dt[t] * A);
        byDecay += dh[i] * h[t][i];
      }
      expectedHead[block] += dt[t] * byDecay;
      const double byRaw = (byStep + A * byDecay) / (1 + std::exp(-steps[rawAt(t)] - bias[parameter]));
      expectedHead[count + block] += byRaw;
      expectedRaw[rawAt(t)] = byRaw;
    }
  }
  char sizes[64];
  snprintf(sizes, sizeof sizes, "%d x %d steps, %d directions%s", batch, length, directions,
           startsReversed ? ", reversed" : "");
  const char* dtype = sizeof(T) == 4 ? "float32" : "bfloat16";
  const auto part = [&](const std::vector<double>& all, int which) {
    return std::vector<double>(all.begin() + which * count, all.begin() + (which + 1) * count);
  };
  report("ssd", dtype, sizes, "y", distance(exact(y), expectedY));
  report("ssd", dtype, sizes, "x", distance(exact(dx), expectedX));
  report("ssd", dtype, sizes, "B and C", distance(exact(dmixed), expectedMixed));
  report("ssd", dtype, sizes, "steps", distance(exact(draw), expectedRaw));
  const char* names[] = {"A", "bias", "D"};
  for (int which = 0; which < 3; which++)
    report("ssd", dtype, sizes, names[which], distance(part(exact(perHead), which), part(expectedHead, which)));
}

}  // namespace

int main() {
  for (const int length : {1, 3, 64, 65, 150}) {
    compare<float>(2, length, 2, 0);
    compare<bf16>(1, length, 2, 0);
  }
  compare<float>(2, 130, 1, 1);
  compare<bf16>(2, 130, 1, 0);
}
