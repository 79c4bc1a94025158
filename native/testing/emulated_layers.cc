// The kernels beside the SSD on the CPU, next to plain sums in float64 with gradients derived by hand.
#include "emulated_cuda.h"

#define TAPS 4
namespace convolution {
#include "causal_convolution.inc"
}
#undef ENTRIES
#define WIDTH 384
namespace gated {
#include "gated_norm.inc"
}
#undef ENTRIES
#undef EACH_VECTOR
namespace residual {
#include "residual_norm.inc"
}
#undef ENTRIES
#define CHANNELS 24
namespace batch {
#include "batch_norm.inc"
}
namespace training {
#include "training.inc"
}

namespace {

using Doubles = std::vector<double>;

template <class T>
T rounded(double value) {
  T result;
  const auto bits = __float_as_uint(static_cast<float>(value));
  if constexpr (sizeof(T) == 4) {
    const float narrow = value;
    memcpy(&result, &narrow, 4);
  } else {
    const auto half = static_cast<unsigned short>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    memcpy(&result, &half, 2);
  }
  return result;
}
template <class T>
Doubles exact(const std::vector<T>& values) {
  Doubles result;
  for (const auto& value : values) {
    unsigned bits = 0;
    memcpy(reinterpret_cast<char*>(&bits) + 4 - sizeof(T), &value, sizeof(T));
    result.push_back(__uint_as_float(bits));
  }
  return result;
}
template <class T>
std::vector<T> random(size_t count, double scale = 1, double shift = 0) {
  std::vector<T> values(count);
  for (auto& value : values) value = rounded<T>(drawn() * scale + shift);
  return values;
}
template <class T>
const char* dtype() {
  return sizeof(T) == 4 ? "float32" : "bfloat16";
}

template <class T>
void compareConvolution(int batch, int length, int directions) {
  using namespace convolution;
  const int heads = 2, inner = 16 * heads, rest = 32, channels = inner + rest, ofDirection = channels + 8;
  const int sequences = batch * directions, stride = directions * ofDirection;
  const auto from = random<T>(static_cast<size_t>(batch) * length * stride);
  const auto weights = random<float>(directions * channels * TAPS), biases = random<float>(directions * channels);
  const auto dx = random<T>(static_cast<size_t>(sequences) * length * inner);
  const auto shares = random<T>(static_cast<size_t>(sequences) * heads * length * rest);
  const T unset = rounded<T>(NAN);
  std::vector<T> to(static_cast<size_t>(sequences) * length * channels, unset), dfrom(from.size(), rounded<T>(0));
  std::vector<T> sums(static_cast<size_t>(sequences) * length * rest, unset);
  const int runs = (length + RUN - 1) / RUN, runsBack = (length + RUN_BACK - 1) / RUN_BACK;
  long count = static_cast<long>(sequences) * runs * (channels / 4);
  launch((count + 127) / 128, 128, 0, [&] {
    convolve<T>(from.data(), stride, weights.data(), biases.data(), to.data(), length, channels, runs, count,
                directions, ofDirection, 0);
  });
  launch((sums.size() + 127) / 128, 128, 0, [&] {
    addHeads<T>(shares.data(), sums.data(), heads, static_cast<long>(length) * rest, sums.size());
  });
  count = static_cast<long>(sequences) * runsBack * (channels / 4);
  std::vector<float> partial(static_cast<size_t>(sequences) * runsBack * channels * (TAPS + 1), NAN);
  launch((count + 127) / 128, 128, 0, [&] {
    convolveBackward<T>(from.data(), dfrom.data(), stride, weights.data(), biases.data(), dx.data(), sums.data(),
                        partial.data(), length, channels, inner, runsBack, count, directions, ofDirection, 0);
  });

  const auto in = exact(from), byX = exact(dx), byRest = exact(sums);
  Doubles expected(to.size()), expectedFrom(from.size()), expectedSums(directions * channels * (TAPS + 1)),
      expectedHeads(sums.size()), foundSums(expectedSums.size());
  const auto each = exact(shares);
  for (size_t i = 0; i < sums.size(); i++)
    for (int head = 0; head < heads; head++) {
      const size_t perHead = static_cast<size_t>(length) * rest;
      expectedHeads[i] += each[i / perHead * perHead * heads + head * perHead + i % perHead];
    }
  for (int sequence = 0; sequence < sequences; sequence++)
    for (int channel = 0; channel < channels; channel++)
      for (int t = 0; t < length; t++) {
        const int direction = sequence % directions, parameter = direction * channels + channel;
        const auto row = [&](int step) { return direction == 1 ? length - 1 - step : step; };
        const auto at = [&](int step) {
          return (static_cast<size_t>(sequence / directions) * length + row(step)) * stride + direction * ofDirection + channel;
        };
        double sum = biases[parameter];
        for (int k = 0; k < TAPS; k++)
          if (t - TAPS + 1 + k >= 0) sum += weights[parameter * TAPS + k] * in[at(t - TAPS + 1 + k)];
        const double gate = 1 / (1 + std::exp(-sum));
        const size_t place = static_cast<size_t>(sequence) * length + row(t);
        expected[place * channels + channel] = sum * gate;
        const double incoming = channel < inner ? byX[place * inner + channel] : byRest[place * rest + channel - inner];
        const double bySum = incoming * gate * (1 + sum * (1 - gate));
        expectedSums[parameter * (TAPS + 1) + TAPS] += bySum;
        for (int k = 0; k < TAPS; k++) {
          if (t - TAPS + 1 + k < 0) continue;
          expectedSums[parameter * (TAPS + 1) + k] += bySum * in[at(t - TAPS + 1 + k)];
          expectedFrom[at(t - TAPS + 1 + k)] += bySum * weights[parameter * TAPS + k];
        }
      }
  const size_t ofSequence = static_cast<size_t>(runsBack) * channels * (TAPS + 1), ofRun = channels * (TAPS + 1);
  for (size_t i = 0; i < partial.size(); i++)
    foundSums[i / ofSequence % directions * ofRun + i % ofRun] += partial[i];
  char sizes[64];
  snprintf(sizes, sizeof sizes, "%d x %d steps, %d directions", batch, length, directions);
  report("causal_convolution", dtype<T>(), sizes, "output", distance(exact(to), expected));
  report("causal_convolution", dtype<T>(), sizes, "heads", distance(exact(sums), expectedHeads));
  report("causal_convolution", dtype<T>(), sizes, "input", distance(exact(dfrom), expectedFrom));
  report("causal_convolution", dtype<T>(), sizes, "weights", distance(foundSums, expectedSums));
}

template <class T>
void compareGatedNorm(long windows, long length, int directions) {
  const long rows = windows * length, ofDirection = WIDTH + 16, stride = directions * ofDirection;
  const auto y = random<T>(rows * directions * WIDTH), z = random<T>(rows * stride, 3);
  const auto dout = random<T>(rows * directions * WIDTH);
  const auto weight = random<float>(directions * WIDTH);
  const T unset = rounded<T>(NAN);
  std::vector<T> out(y.size(), unset), dy(y.size(), unset), dz(z.size(), rounded<T>(0));
  const long blocks = 3;
  std::vector<float> partial(blocks * directions * WIDTH, NAN);
  launch((rows + 3) / 4 * directions, 128, 0, [&] {
    gated::gatedNorm<T>(y.data(), z.data(), stride, weight.data(), out.data(), rows, length, directions, ofDirection);
  });
  launch(blocks * directions, 128, 0, [&] {
    gated::gatedNormBackward<T>(y.data(), z.data(), stride, weight.data(), dout.data(), dy.data(), dz.data(),
                                partial.data(), rows, length, directions, ofDirection);
  });
  const auto values = exact(y), gates = exact(z), gradients = exact(dout);
  Doubles expected(y.size()), expectedY(y.size()), expectedZ(z.size()), expectedWeight(directions * WIDTH),
      foundWeight(directions * WIDTH);
  for (long row = 0; row < rows; row++)
    for (int direction = 0; direction < directions; direction++) {
      const long own = ((row / length * directions + direction) * length + row % length) * WIDTH;
      const long gate = row * stride + direction * ofDirection, joined = (row * directions + direction) * WIDTH;
      double squares = 0, product = 0, gatedValue[WIDTH];
      for (int c = 0; c < WIDTH; c++) {
        gatedValue[c] = values[own + c] * gates[gate + c] / (1 + std::exp(-gates[gate + c]));
        squares += gatedValue[c] * gatedValue[c];
      }
      const double inverse = 1 / std::sqrt(squares / WIDTH + 1e-5);
      for (int c = 0; c < WIDTH; c++) {
        const int parameter = direction * WIDTH + c;
        expected[joined + c] = gatedValue[c] * inverse * weight[parameter];
        expectedWeight[parameter] += gradients[joined + c] * gatedValue[c] * inverse;
        product += gradients[joined + c] * weight[parameter] * gatedValue[c];
      }
      for (int c = 0; c < WIDTH; c++) {
        const double open = 1 / (1 + std::exp(-gates[gate + c])), incoming = gradients[joined + c] * weight[direction * WIDTH + c];
        const double byGated = inverse * (incoming - gatedValue[c] * product * inverse * inverse / WIDTH);
        expectedY[own + c] = byGated * gates[gate + c] * open;
        expectedZ[gate + c] = byGated * values[own + c] * open * (1 + gates[gate + c] * (1 - open));
      }
    }
  for (size_t i = 0; i < partial.size(); i++) foundWeight[i % (directions * WIDTH)] += partial[i];
  char sizes[64];
  snprintf(sizes, sizeof sizes, "%ld x %ld rows, %d directions", windows, length, directions);
  report("gated_norm", dtype<T>(), sizes, "output", distance(exact(out), expected));
  report("gated_norm", dtype<T>(), sizes, "y", distance(exact(dy), expectedY));
  report("gated_norm", dtype<T>(), sizes, "z", distance(exact(dz), expectedZ));
  report("gated_norm", dtype<T>(), sizes, "weight", distance(foundWeight, expectedWeight));
}

// random/ of bgb, written again.
unsigned mixed(unsigned x) {
  x = (x ^ x >> 16) * 0x7feb352du;
  x = (x ^ x >> 15) * 0x846ca68bu;
  return x ^ x >> 16;
}
unsigned hash(unsigned state, unsigned counter) { return mixed((state + 0x9e3779b9u) ^ mixed(counter)); }

template <class T>
void compareResidualNorm(long windows, long length, double rate) {
  const long rows = windows * length;
  const auto x = random<T>(rows * WIDTH), other = random<T>(rows * WIDTH), dout = random<T>(rows * WIDTH);
  const auto weight = random<float>(WIDTH), bias = random<float>(WIDTH);
  const long step = 77;
  std::vector<long> samples;
  for (long i = 0; i < windows; i++) samples.push_back(1234567 * i + 5);
  const auto threshold = static_cast<unsigned>(std::llround(rate * 4294967296.0));
  const residual::Dropout dropout{12345, threshold, static_cast<float>(1 / (1 - rate)), &step, samples.data()};
  const T unset = rounded<T>(NAN);
  std::vector<T> out(x.size(), unset), dx(x.size(), unset), dother(x.size(), unset);
  const long blocks = 3;
  std::vector<float> partial(2 * blocks * WIDTH, NAN);
  launch((rows + 3) / 4, 128, 0, [&] {
    residual::residualNorm<T>(x.data(), other.data(), weight.data(), bias.data(), out.data(), dropout, rows, length);
  });
  launch(blocks, 128, 2 * WIDTH * 4, [&] {
    residual::residualNormBackward<T>(x.data(), other.data(), weight.data(), dout.data(), dx.data(), dother.data(),
                                      partial.data(), dropout, rows, length);
  });
  const auto values = exact(x), others = exact(other), gradients = exact(dout);
  Doubles expected(x.size()), expectedX(x.size()), expectedOther(x.size()), expectedSums(2 * WIDTH),
      foundSums(2 * WIDTH);
  for (long row = 0; row < rows; row++) {
    double sum[WIDTH], factor[WIDTH], mean = 0, variance = 0, first = 0, second = 0;
    const unsigned state = hash(hash(12345, 77), static_cast<unsigned>(samples[row / length]));
    for (int c = 0; c < WIDTH; c++) {
      const bool isKept = rate == 0 || hash(state, static_cast<unsigned>(row % length * WIDTH + c)) >= threshold;
      factor[c] = isKept ? 1 / (1 - rate) : 0;
      sum[c] = values[row * WIDTH + c] * factor[c] + others[row * WIDTH + c];
      mean += sum[c] / WIDTH;
    }
    for (int c = 0; c < WIDTH; c++) variance += (sum[c] - mean) * (sum[c] - mean) / WIDTH;
    const double inverse = 1 / std::sqrt(variance + 1e-5);
    for (int c = 0; c < WIDTH; c++) {
      const double normal = (sum[c] - mean) * inverse, incoming = gradients[row * WIDTH + c];
      expected[row * WIDTH + c] = normal * weight[c] + bias[c];
      expectedSums[c] += incoming * normal;
      expectedSums[WIDTH + c] += incoming;
      first += incoming * weight[c] / WIDTH;
      second += incoming * weight[c] * normal / WIDTH;
    }
    for (int c = 0; c < WIDTH; c++) {
      const double normal = (sum[c] - mean) * inverse;
      const double bySum = inverse * (gradients[row * WIDTH + c] * weight[c] - first - normal * second);
      expectedOther[row * WIDTH + c] = bySum;
      expectedX[row * WIDTH + c] = bySum * factor[c];
    }
  }
  for (size_t i = 0; i < partial.size(); i++) foundSums[i / (blocks * WIDTH) * WIDTH + i % WIDTH] += partial[i];
  char sizes[64];
  snprintf(sizes, sizeof sizes, "%ld x %ld rows, dropout %g", windows, length, rate);
  report("residual_norm", dtype<T>(), sizes, "output", distance(exact(out), expected));
  report("residual_norm", dtype<T>(), sizes, "x", distance(exact(dx), expectedX));
  report("residual_norm", dtype<T>(), sizes, "residual", distance(exact(dother), expectedOther));
  report("residual_norm", dtype<T>(), sizes, "weight and bias", distance(foundSums, expectedSums));
}

template <class T, bool HAS_RELU>
void compareBatchNorm(long rows, int processes = 1) {
  using namespace batch;
  std::vector<T> x(rows * CHANNELS);
  // Means of up to five times the deviation.
  for (size_t i = 0; i < x.size(); i++) x[i] = rounded<T>((drawn() + 5) * (1 + i % CHANNELS));
  const auto dy = random<T>(x.size());
  const auto weight = random<float>(CHANNELS), bias = random<float>(CHANNELS), offset = random<float>(CHANNELS);
  std::vector<float> mean(CHANNELS, 0.5f), variance(CHANNELS, 2.0f), saved(2 * CHANNELS), byChannel(2 * CHANNELS, 0.0f);
  const T unset = rounded<T>(NAN);
  std::vector<T> y(x.size(), unset), dx(x.size(), unset);
  const int blocks = 5;
  std::vector<float> partial(2 * blocks * CHANNELS, NAN), all(processes * 2 * CHANNELS, NAN);
  const size_t shared = ROWS_AT_ONCE * 2 * CHANNELS * 4, ofPartials = 2 * 8 * 32 * 4;
  // The first process has the fewest rows.
  const auto startOf = [&](int rank) { return rows * rank * (rank + 1) / (processes * (processes + 1)); };
  const auto each = [&](auto&& body) {
    for (int rank = 0; rank < processes; rank++)
      body(rank, startOf(rank) * CHANNELS, startOf(rank + 1) - startOf(rank));
  };
  each([&](int rank, long from, long own) {
    float* found = processes == 1 ? saved.data() : all.data() + rank * 2 * CHANNELS;
    launch(blocks, THREADS, shared, [&] { statistics<T>(x.data() + from, partial.data(), own); });
    launch((CHANNELS + 31) / 32, THREADS, ofPartials, [&] {
      finishStatistics<T>(x.data() + from, partial.data(), blocks, own, offset.data(), found,
                          processes == 1 ? mean.data() : nullptr, variance.data(), 0.1f, 1e-5f);
    });
  });
  if (processes > 1) {
    Shares shares{};
    each([&](int rank, long, long own) { shares.of[rank] = static_cast<float>(own) / rows; });
    launch((CHANNELS + 255) / 256, THREADS, 0, [&] {
      joinStatistics(all.data(), shares, processes, offset.data(), saved.data(), mean.data(), variance.data(), 0.1f,
                     1e-5f, static_cast<float>(rows) / (rows - 1));
    });
  }
  launch(blocks, THREADS, 0, [&] {
    normalise<T, HAS_RELU>(x.data(), saved.data(), weight.data(), bias.data(), y.data(), rows);
  });
  each([&](int, long from, long own) {
    std::vector<float> ofProcess(2 * CHANNELS), toSum(2 * CHANNELS);
    launch(blocks, THREADS, shared, [&] {
      gradientSums<T, HAS_RELU>(x.data() + from, dy.data() + from, saved.data(), weight.data(), bias.data(),
                                partial.data(), own);
    });
    launch((CHANNELS + 31) / 32, THREADS, ofPartials, [&] {
      finishGradients(partial.data(), blocks, ofProcess.data(), processes == 1 ? nullptr : toSum.data());
    });
    for (int i = 0; i < 2 * CHANNELS; i++) byChannel[i] += processes == 1 ? ofProcess[i] : toSum[i];
  });
  each([&](int, long from, long own) {
    launch(blocks, THREADS, 0, [&] {
      gradientByInput<T, HAS_RELU>(x.data() + from, dy.data() + from, saved.data(), weight.data(), bias.data(),
                                   byChannel.data(), static_cast<float>(rows), dx.data() + from, own);
    });
  });
  const auto values = exact(x), gradients = exact(dy);
  Doubles expected(x.size()), expectedX(x.size()), expectedSums(2 * CHANNELS), expectedMean(CHANNELS),
      expectedVariance(CHANNELS);
  for (int c = 0; c < CHANNELS; c++) {
    double average = 0, spread = 0, first = 0, second = 0;
    for (long row = 0; row < rows; row++) average += values[row * CHANNELS + c] / rows;
    for (long row = 0; row < rows; row++) spread += std::pow(values[row * CHANNELS + c] - average, 2) / rows;
    const double inverse = 1 / std::sqrt(spread + 1e-5);
    expectedMean[c] = 0.9 * 0.5 + 0.1 * (average + offset[c]);
    expectedVariance[c] = 0.9 * 2 + 0.1 * spread * rows / (rows - 1);
    Doubles passed(rows);
    for (long row = 0; row < rows; row++) {
      const double normal = (values[row * CHANNELS + c] - average) * inverse, z = normal * weight[c] + bias[c];
      expected[row * CHANNELS + c] = HAS_RELU && z < 0 ? 0 : z;
      passed[row] = HAS_RELU && z <= 0 ? 0 : gradients[row * CHANNELS + c];
      first += passed[row];
      second += passed[row] * normal;
    }
    expectedSums[c] = first;
    expectedSums[CHANNELS + c] = second;
    for (long row = 0; row < rows; row++) {
      const double normal = (values[row * CHANNELS + c] - average) * inverse;
      expectedX[row * CHANNELS + c] = weight[c] * inverse * (passed[row] - first / rows - normal * second / rows);
    }
  }
  char sizes[64];
  snprintf(sizes, sizeof sizes, "%ld rows, %d processes%s", rows, processes, HAS_RELU ? ", ReLU" : "");
  report("batch_norm", dtype<T>(), sizes, "output", distance(exact(y), expected));
  report("batch_norm", dtype<T>(), sizes, "input", distance(exact(dx), expectedX));
  report("batch_norm", dtype<T>(), sizes, "weight and bias", distance(exact(byChannel), expectedSums));
  report("batch_norm", dtype<T>(), sizes, "running mean", distance(exact(mean), expectedMean));
  report("batch_norm", dtype<T>(), sizes, "running variance", distance(exact(variance), expectedVariance));
}

// Algorithm 2 of Loshchilov and Hutter (2019), three steps of which the second is not taken.
void compareAdamW(long count) {
  const double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, decay = 0.1, rate = 0.01, factor = 0.5;
  auto values = random<float>(count);
  std::vector<float> means(count), squares(count);
  auto expected = exact(values);
  Doubles m(count), v(count);
  int taken = 0;
  for (const bool isSound : {true, false, true}) {
    const auto gradients = random<float>(count, 3);
    if (isSound) taken++;
    const float scalars[] = {isSound ? 1.0f : 0.0f, static_cast<float>(rate),
                             static_cast<float>(1 - std::pow(beta1, taken)),
                             static_cast<float>(std::sqrt(1 - std::pow(beta2, taken))), static_cast<float>(factor)};
    launch((count + 1023) / 1024, 256, 0, [&] {
      training::adamw(values.data(), gradients.data(), means.data(), squares.data(), scalars, 1 - beta1, 1 - beta2, epsilon,
                      decay, count);
    });
    for (long i = 0; i < count && isSound; i++) {
      const double g = gradients[i] * factor;
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      const double mHat = m[i] / (1 - std::pow(beta1, taken)), vHat = v[i] / (1 - std::pow(beta2, taken));
      expected[i] = expected[i] * (1 - rate * decay) - rate * mHat / (std::sqrt(vHat) + epsilon);
    }
  }
  char sizes[32];
  snprintf(sizes, sizeof sizes, "%ld", count);
  report("adamw", "float32", sizes, "values", distance(exact(values), expected));
  report("adamw", "float32", sizes, "means", distance(exact(means), m));
  report("adamw", "float32", sizes, "squares", distance(exact(squares), v));
}

}  // namespace

int main() {
  for (const int length : {1, 2, 33, 97, 200}) compareConvolution<float>(2, length, 2);
  compareConvolution<convolution::bf16>(2, 97, 2);
  compareConvolution<float>(3, 65, 1);
  compareGatedNorm<float>(3, 7, 2);
  compareGatedNorm<gated::bf16>(2, 9, 2);
  compareGatedNorm<float>(1, 1, 1);
  for (const double rate : {0.0, 0.3}) compareResidualNorm<float>(3, 7, rate);
  compareResidualNorm<residual::bf16>(2, 5, 0.1);
  compareBatchNorm<float, true>(1001);
  compareBatchNorm<float, false>(333);
  compareBatchNorm<batch::bf16, true>(1001);
  compareBatchNorm<float, true>(1001, 3);
  compareBatchNorm<batch::bf16, false>(530, 2);
  for (const long count : {1, 1023, 4099}) compareAdamW(count);
}
