// Streams of the emulated device. What is queued waits: it runs when somebody waits for it, or at any moment before, by
// chance, as on a device. So a copy on one stream that another should have waited for comes too late or too early, and
// the results show it.
#pragma once
#include "machine.h"
#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

using Work = std::function<int()>;

namespace emulation {

struct Graph {
    std::vector<Work> works;
    u64 behind_kernel = 0; // how many works there were behind the last kernel
};

struct Stream {
    std::unique_ptr<Graph> capture;
    std::deque<Work> queued;
};

// One recording of an event.
struct Mark {
    Stream *stream;
    bool reached = false;
    std::chrono::steady_clock::time_point time;
};

struct Event {
    std::shared_ptr<Mark> mark; // the last recording
};

struct Streams {
    std::recursive_mutex mutex;
    Stream standard; // what a null stream means
    std::vector<Stream *> all{&standard};
    int broken = 0; // a fault stays, as on a device
    u64 chance = 1;

    // Runs a stream up to a mark, or to its end.
    void run(Stream &stream, const Mark *until = nullptr) {
        while (!stream.queued.empty() && !(until && until->reached)) {
            auto work = std::move(stream.queued.front());
            stream.queued.pop_front();
            if (!broken)
                if (int code = work()) broken = code;
        }
    }

    void run_all() {
        for (auto stream : all) run(*stream);
    }

    int queue(Stream &stream, Work work) {
        if (broken) return broken;
        if (stream.capture) {
            stream.capture->works.push_back(std::move(work));
            return 0;
        }
        stream.queued.push_back(std::move(work));
        chance = chance * 6364136223846793005ull + 1442695040888963407ull;
        if (chance >> 62 == 0) run(stream);
        return broken;
    }

    int record(Event &event, Stream &stream) {
        auto mark = std::make_shared<Mark>();
        mark->stream = &stream;
        event.mark = mark;
        return queue(stream, [mark] {
            mark->time = std::chrono::steady_clock::now();
            mark->reached = true;
            return 0;
        });
    }

    // What is queued from here on runs after the event's last recording.
    int wait(Stream &stream, const Event &event) {
        auto mark = event.mark;
        if (!mark) return broken;
        return queue(stream, [this, mark] {
            if (!mark->reached) run(*mark->stream, mark.get());
            return broken;
        });
    }

    int wait(const Event &event) {
        if (event.mark && !event.mark->reached) run(*event.mark->stream, event.mark.get());
        return broken;
    }

    void destroy(Stream *stream) {
        run(*stream);
        all.erase(std::remove(all.begin(), all.end(), stream), all.end());
        delete stream;
    }
};

}  // namespace emulation
