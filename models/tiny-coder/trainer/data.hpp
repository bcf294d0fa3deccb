// Training data: files of token sequences, and the pool that batches are drawn from.
#pragma once
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "model.hpp"

struct Sequence {
    const uint16_t* tokens;
    const uint8_t* lossWeights;
    int length;
};

class TokenFile {
public:
    explicit TokenFile(const std::string& path) {
        FILE* f = fopen(path.c_str(), "rb");
        if (!f) fail("cannot read " + path);
        int32_t header[4];
        if (fread(header, 4, 4, f) != 4 || header[0] != 0x54434452 || header[1] != 1 || header[3] < 1)
            fail(path + " is not a token file");
        vocab = header[2];
        offsets.resize(size_t(header[3]) + 1);
        if (fread(offsets.data(), 4, offsets.size(), f) != offsets.size()) fail(path + " is cut short");
        size_t total = size_t(offsets.back());
        for (size_t i = 0; i + 1 < offsets.size(); i++)
            if (offsets[i] < 0 || offsets[i + 1] - offsets[i] < 2 || offsets[i + 1] - offsets[i] > kMaxLength)
                fail(path + " has a sequence of bad length at " + std::to_string(i));
        tokens.resize(total), weights.resize(total);
        if (fread(tokens.data(), 2, total, f) != total || fread(weights.data(), 1, total, f) != total)
            fail(path + " is cut short");
        fclose(f);
        for (uint16_t t : tokens)
            if (t >= vocab) fail(path + " has a token beyond its vocabulary");
    }
    int count() const { return int(offsets.size()) - 1; }
    Sequence at(int i) const { return {&tokens[offsets[i]], &weights[offsets[i]], offsets[i + 1] - offsets[i]}; }
    int vocab;

private:
    std::vector<int32_t> offsets;
    std::vector<uint16_t> tokens;
    std::vector<uint8_t> weights;
};

// Draws sequences without replacement from all train-*.bin of a folder; files that appear later join in, files that
// disappear drop out. When all were seen, starts over.
class Pool {
public:
    Pool(std::string folder, int vocabulary) : folder(std::move(folder)), vocab(vocabulary) { rescan(); }

    Sequence draw(std::mt19937_64& rng) {
        if (rest.empty()) {
            for (auto& [path, file] : files) append(*file);
            epochs++;
        }
        size_t i = rng() % rest.size();
        std::swap(rest[i], rest.back());
        Sequence s = rest.back();
        rest.pop_back();
        return s;
    }

    void rescan() {
        std::map<std::string, std::shared_ptr<TokenFile>> found;
        bool dropped = false;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            std::string name = entry.path().filename();
            if (name.rfind("train-", 0) != 0 || entry.path().extension() != ".bin") continue;
            auto known = files.find(entry.path());
            if (known != files.end()) {
                found.insert(*known);
                continue;
            }
            auto file = std::make_shared<TokenFile>(entry.path());
            if (file->vocab != vocab) fail(name + " has another vocabulary size");
            append(*file);
            found[entry.path()] = file;
            printf("data %s: %d sequences\n", name.c_str(), file->count());
        }
        if (found.empty()) fail("no train-*.bin in " + folder);
        for (auto& [path, file] : files) dropped |= !found.count(path);
        files.swap(found);
        if (dropped) {  // sequences point into their file: start the pass over
            rest.clear();
            for (auto& [path, file] : files) append(*file);
        }
    }

    size_t remaining() const { return rest.size(); }
    int epochs = 0;

private:
    std::string folder;
    int vocab;
    std::map<std::string, std::shared_ptr<TokenFile>> files;
    std::vector<Sequence> rest;
    void append(const TokenFile& f) { for (int i = 0; i < f.count(); i++) rest.push_back(f.at(i)); }
};
