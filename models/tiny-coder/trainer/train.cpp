// Trains tiny-coder on the CPU: a qwen3-style transformer (RMS norm, QK-norm, rotary positions, grouped-query
// attention, SwiGLU, tied embeddings) with hand-written forward and backward passes.
//
// A batch is a few whole sequences. Each thread takes one sequence at a time, runs it forward and backward on its own
// and adds to its own gradient, so the only meeting point is the optimizer step. The README describes the file formats.
#include <omp.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "data.hpp"
#include "files.hpp"
#include "optimizer.hpp"
#include "worker.hpp"

namespace fs = std::filesystem;

static double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

class Trainer {
public:
    Trainer(Model& model, int threads, int leastWeight) : table(model.c.headDim), leastWeight(leastWeight) {
        for (int i = 0; i < threads; i++) workers.push_back(std::make_unique<Worker>(model, table, leastWeight));
    }

    Score run(std::vector<Sequence> batch, bool train) {
        // The longest first, so that the threads finish close together.
        std::sort(batch.begin(), batch.end(), [](auto& a, auto& b) { return a.length > b.length; });
        double weight = 0;
        int shared = batch[0].length;
        for (const Sequence& s : batch) {
            int same = 0, first = 1;
            while (same < std::min(shared, s.length) && s.tokens[same] == batch[0].tokens[same]) same++;
            while (first + 1 < s.length && s.lossWeights[first] < leastWeight) first++;
            shared = std::min({shared, same, first - 1});
            for (int i = 1; i < s.length; i++)
                if (s.lossWeights[i] >= leastWeight) weight += s.lossWeights[i] / 255.0;
        }
        float scale = train ? float(1 / std::max(weight, 1e-3)) : 0;
        for (auto& worker : workers) worker->begin(batch[0].tokens, shared);
        Score total;
#pragma omp parallel for schedule(dynamic, 1)
        for (size_t i = 0; i < batch.size(); i++) {
            Score s = workers[omp_get_thread_num()]->run(batch[i], scale);
#pragma omp critical
            total.add(s);
        }
#pragma omp parallel for schedule(static, 1)
        for (size_t i = 0; i < workers.size(); i++)
            if (train) workers[i]->finish();
        return total;
    }

    std::vector<std::unique_ptr<Worker>> workers;

private:
    RopeTable table;
    int leastWeight;
};

// Compares the gradient with finite differences along the gradient itself and along a random direction, per tensor.
static int checkGradient() {
    Config c;
    c.layers = 2, c.width = 32, c.heads = 4, c.kvHeads = 2, c.headDim = 8, c.ffn = 64, c.vocab = 50;
    gemmExact = true;
    Model m(c);
    std::mt19937_64 rng(7);
    std::normal_distribution<float> normal(0, 1);
    for (const Tensor& t : m.tensors)  // plain noise: finite differences want gentle curvature
        for (size_t i = 0; i < t.size(); i++) m.weights[t.offset + i] = t.rows ? 0.12f * normal(rng) : 1 + 0.05f * normal(rng);
    std::vector<uint16_t> tokens(170);
    std::vector<uint8_t> lossWeights(tokens.size());
    for (size_t i = 0; i < tokens.size(); i++) tokens[i] = rng() % c.vocab, lossWeights[i] = i % 90 < 30 ? 12 : i % 3 ? 255 : 40;
    std::vector<Sequence> batch = {{&tokens[0], &lossWeights[0], 90}, {&tokens[90], &lossWeights[90], 80}};
    std::copy(tokens.begin(), tokens.begin() + 20, tokens.begin() + 90);  // a shared prefix
    Trainer trainer(m, 1, 40);
    omp_set_num_threads(1);
    trainer.run(batch, true);
    Floats gradient = trainer.workers[0]->gradient;
    bool good = true;
    for (const Tensor& t : m.tensors)
        for (int kind = 0; kind < 2; kind++) {
            Floats direction(t.size());
            double norm = 0, expected = 0, sides[2];
            for (size_t i = 0; i < t.size(); i++) {
                direction[i] = kind ? normal(rng) + 2 * gradient[t.offset + i] : gradient[t.offset + i];
                norm += direction[i] * direction[i];
            }
            norm = std::sqrt(norm);
            for (size_t i = 0; i < t.size(); i++) expected += gradient[t.offset + i] * (direction[i] /= float(norm));
            const float step = 0.01f;
            for (int side = 0; side < 2; side++) {
                Floats saved = m.weights;
                for (size_t i = 0; i < t.size(); i++) m.weights[t.offset + i] += (side ? -step : step) * direction[i];
                Score s = trainer.run(batch, false);
                sides[side] = s.loss / s.weight;
                m.weights = saved;
            }
            double measured = (sides[0] - sides[1]) / (2 * step);
            bool close = std::abs(measured - expected) <= 0.01 * std::max(std::abs(expected), 0.005);
            good &= close;
            printf("%-26s %-8s gradient %+.5f measured %+.5f%s\n", t.name.c_str(), kind ? "random" : "steepest", expected,
                   measured, close ? "" : "  DIFFERS");
        }
    printf(good ? "gradients agree\n" : "gradients differ\n");
    return good ? 0 : 1;
}

struct Options {
    Config config;
    OptimizerSettings optimizer;
    std::string folder = "data", deadline;
    int batchTokens = 2000, threads = 2, warmupSteps = 100, seed = 1, validateSequences = 64, leastWeight = 255;
    int64_t totalTokens = 0, warmupTokens = 1500000, validateEvery = 400000;
    double decayMinutes = 25, finishMinutes = 8;
};

static Options parse(int argc, char** argv) {
    Options o;
    std::map<std::string, int*> ints = {
        {"--layers", &o.config.layers}, {"--width", &o.config.width}, {"--heads", &o.config.heads},
        {"--kv-heads", &o.config.kvHeads}, {"--head-dim", &o.config.headDim}, {"--ffn", &o.config.ffn},
        {"--vocab", &o.config.vocab}, {"--batch-tokens", &o.batchTokens}, {"--threads", &o.threads},
        {"--warmup-steps", &o.warmupSteps}, {"--seed", &o.seed}, {"--least-weight", &o.leastWeight}, {"--validate-sequences", &o.validateSequences}};
    std::map<std::string, int64_t*> longs = {{"--total-tokens", &o.totalTokens}, {"--warmup-tokens", &o.warmupTokens},
                                             {"--validate-every", &o.validateEvery}};
    std::map<std::string, float*> floats = {{"--rate", &o.optimizer.rate}, {"--muon-rate", &o.optimizer.muonRate},
                                            {"--weight-decay", &o.optimizer.decay}, {"--beta2", &o.optimizer.beta2}};
    std::map<std::string, double*> doubles = {{"--decay-minutes", &o.decayMinutes}, {"--finish-minutes", &o.finishMinutes}};
    std::map<std::string, std::string*> strings = {{"--data", &o.folder}, {"--deadline", &o.deadline}};
    for (int i = 1; i < argc; i++) {
        std::string name = argv[i];
        if (name == "--check-gradient") exit(checkGradient());
        if (name == "--adam") {
            o.optimizer.muon = false;
            continue;
        }
        if (i + 1 >= argc) fail(name + " is unknown or lacks its value");
        const char* value = argv[++i];
        if (ints.count(name)) *ints[name] = atoi(value);
        else if (longs.count(name)) *longs[name] = atoll(value);
        else if (floats.count(name)) *floats[name] = float(atof(value));
        else if (doubles.count(name)) *doubles[name] = atof(value);
        else if (strings.count(name)) *strings[name] = value;
        else fail("unknown option " + name);
    }
    return o;
}

// The next time (UTC) that the clock shows HH:MM.
static double parseDeadline(const std::string& text) {
    int hour, minute;
    if (sscanf(text.c_str(), "%d:%d", &hour, &minute) != 2) fail("--deadline wants HH:MM (UTC)");
    time_t t = time_t(now());
    tm parts = *gmtime(&t);
    parts.tm_hour = hour, parts.tm_min = minute, parts.tm_sec = 0;
    double at = double(timegm(&parts));
    return at > now() ? at : at + 86400;
}

static volatile sig_atomic_t stopped = 0;

int main(int argc, char** argv) {
    openblas_set_num_threads(1);  // the threads are ours: one sequence or tensor each
    signal(SIGTERM, [](int) { stopped = 1; });  // save, then leave: the next start resumes here
    signal(SIGINT, [](int) { stopped = 1; });
    setvbuf(stdout, nullptr, _IOLBF, 0);
    Options o = parse(argc, argv);
    omp_set_num_threads(o.threads);
    std::string validationPath = o.folder + "/validation.bin", warmupPath = o.folder + "/warmup.bin";
    std::string statePath = o.folder + "/checkpoint.bin", weightsPath = o.folder + "/weights.tcw";
    std::string finishFlag = o.folder + "/FINISH";
    std::unique_ptr<TokenFile> warmup;
    if (fs::exists(warmupPath)) warmup = std::make_unique<TokenFile>(warmupPath);
    if (!o.config.vocab) o.config.vocab = TokenFile(validationPath).vocab;

    Model model(o.config);
    std::mt19937_64 rng(o.seed);
    model.initialize(rng);
    Optimizer optimizer(model, o.optimizer);
    Progress progress;
    bool resumed = loadState(model, optimizer, rng, progress, statePath);
    Pool pool(o.folder, o.config.vocab);
    Trainer trainer(model, o.threads, o.leastWeight);
    printf("%s %zu parameters, vocabulary %d, %s\n", resumed ? "resumed" : "new model,", model.count, o.config.vocab,
           o.optimizer.muon ? "muon" : "adam");

    auto validate = [&](int limit) {
        TokenFile validation(validationPath);  // read anew: it may have been replaced
        std::vector<Sequence> all;
        for (int i = 0; i < validation.count() && (limit == 0 || i < limit); i++) all.push_back(validation.at(i));
        Score s = trainer.run(all, false);
        printf("validation %.2fM: agent loss %.4f, accuracy %.3f%%, perfect sequences %ld of %ld\n", progress.tokens / 1e6,
               s.agentLoss / std::max<int64_t>(1, s.agentTokens), 100.0 * s.agentCorrect / std::max<int64_t>(1, s.agentTokens),
               s.perfectSequences, s.sequences);
    };
    auto save = [&] {
        progress.step = optimizer.step;
        saveState(model, optimizer, rng, progress, statePath);
        saveWeights(model, weightsPath);
    };

    double deadline = o.deadline.empty() ? 0 : parseDeadline(o.deadline), decaySpan = o.decayMinutes * 60;
    double saved = now(), scanned = now(), logged = now();
    int64_t loggedTokens = progress.tokens, nextValidation = progress.tokens + o.validateEvery;
    Score window;
    while (!stopped) {
        if (!(deadline > 0 && deadline - now() < o.finishMinutes * 60) && fs::exists(finishFlag)) {
            deadline = now() + o.finishMinutes * 60, decaySpan = o.finishMinutes * 60;
            printf("finishing: decaying for %.0f minutes\n", o.finishMinutes);
        }
        double left = 1;  // share of the decay stage that is left; 1 before it starts
        if (deadline > 0) left = std::min(left, (deadline - now()) / decaySpan);
        if (o.totalTokens) left = std::min(left, (o.totalTokens - progress.tokens) / (0.3 * o.totalTokens));
        if (left <= 0) break;
        float factor = float(left) * std::min(1.0f, (optimizer.step + 1.0f) / o.warmupSteps);

        std::vector<Sequence> batch;
        double warmShare = warmup ? 0.7 * (1 - double(progress.tokens) / o.warmupTokens) : 0;
        for (int size = 0; size < o.batchTokens;) {
            bool warm = double(rng() >> 11) * 0x1p-53 < warmShare;
            batch.push_back(warm ? warmup->at(int(rng() % warmup->count())) : pool.draw(rng));
            size += batch.back().length;
            progress.tokens += batch.back().length;
        }
        window.add(trainer.run(batch, true));
        float norm = optimizer.apply(trainer.workers, factor);

        if (optimizer.step % 50 == 0) {
            double seconds = now() - logged;
            printf("step %ld tokens %.2fM %.0f tok/s rate x%.3f norm %.2f loss %.4f agent loss %.4f accuracy %.2f%% pool %zu\n",
                   optimizer.step, progress.tokens / 1e6, (progress.tokens - loggedTokens) / seconds, factor, norm,
                   window.loss / window.weight, window.agentLoss / std::max<int64_t>(1, window.agentTokens),
                   100.0 * window.agentCorrect / std::max<int64_t>(1, window.agentTokens), pool.remaining());
            if (!std::isfinite(float(window.loss)) || !(norm < 1e30f)) fail("the loss is no longer a number");
            window = {}, logged = now(), loggedTokens = progress.tokens;
        }
        if (progress.tokens >= nextValidation) validate(o.validateSequences), nextValidation += o.validateEvery;
        if (now() - saved > 120) save(), saved = now();
        if (now() - scanned > 60) pool.rescan(), scanned = now();
    }
    save();
    if (!stopped) validate(0);
    printf("%s: %ld steps, %.2fM tokens\n", stopped ? "stopped" : "done", optimizer.step, progress.tokens / 1e6);
}
