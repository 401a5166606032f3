/*
 * Tools for tests: checks that print both sides, a random number generator with a printed seed, an
 * allocator that counts, and a fake server with a client. The server's thread accepts connections
 * on a Unix socket and hands each frame to a function. Connections are served in turn, or
 * (is_parallel) each on its own thread. Included by test_assay.c after assay.c.
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

enum { HANG_GUARD_SECONDS = 60 }; /* a longer test has hung */

static unsigned checks_failed;

#define CHECK(condition)                                                                          \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);               \
            checks_failed++;                                                                      \
        }                                                                                         \
    } while (0)

#define CHECK_EQUAL(found, expected)                                                              \
    do {                                                                                          \
        long long found_ = (long long)(found), expected_ = (long long)(expected);                 \
        if (found_ != expected_) {                                                                \
            fprintf(                                                                              \
                stderr, "%s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #found, found_, \
                expected_);                                                                       \
            checks_failed++;                                                                      \
        }                                                                                         \
    } while (0)

/* State of a xorshift64* generator. The seed is printed, and ASSAY_SEED repeats a run. */
static uint64_t random_state;

static void random_start(void) {
    const char *given = getenv("ASSAY_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("seed %llu (ASSAY_SEED)\n", (unsigned long long)seed);
    random_state = seed * 0x9E3779B97F4A7C15u | 1;
}

static uint64_t random_next(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545F4914F6CDD1Du;
}

static uint64_t random_below(uint64_t bound) {
    return (random_next() >> 11) % bound;
}

/* ---------------------------------------------------------------- an allocator that counts */

static const assay_allocator plain_allocator = {default_resize, NULL};

struct counting {
    pthread_mutex_t lock;
    long outstanding, made, fails_at; /* fails_at: 0 for never */
    size_t largest;
    void **kept; /* 1024 blocks in use, for calls that lose their memory, or NULL */
};

static void *counting_resize(void *context, void *block, size_t size) {
    struct counting *counting = context;
    pthread_mutex_lock(&counting->lock);
    size_t at = 0;
    while (counting->kept != NULL && at < 1023 && counting->kept[at] != block) {
        at++;
    }
    if (size == 0) {
        counting->outstanding -= block != NULL;
        free(block);
        block = NULL;
    } else if (++counting->made == counting->fails_at) {
        block = NULL;
    } else {
        counting->outstanding += block == NULL;
        counting->largest = size > counting->largest ? size : counting->largest;
        block = realloc(block, size);
    }
    if (counting->kept != NULL) {
        counting->kept[at] = block;
    }
    pthread_mutex_unlock(&counting->lock);
    return block;
}

/* ---------------------------------------------------------------- a server and its client */

/* One request as read by the server, with an uncompressed body of at most 64 KiB. */
struct seen {
    uint8_t kind;
    uint64_t id;
    size_t size;
    uint8_t body[65536];
};

struct fake;
/* Answers one request. False closes the connection. */
typedef bool fake_answer(struct fake *fake, int fd, const struct seen *seen);

/* A connection and its server. */
struct served {
    struct fake *fake;
    int fd;
    pthread_t thread;
};

struct fake {
    /* Chosen by a test. */
    fake_answer *answer;
    void *context;
    bool is_parallel;
    uint64_t revision, in_flight_max; /* 0 for revision 2, and 4 requests */
    const assay_options *options;     /* of the client, NULL for the defaults */
    struct counting counting;

    char url[80], path[64];
    int listener;
    pthread_t thread;
    assay_client *client;
    _Atomic unsigned connections, cancels;
    _Atomic uint64_t cancelled;
    struct served served[64];
};

static const assay_timing small_timing = {.total = 7};
static const assay_answer small_answer = {
    .model = {"fake", 4}, .device = {"cpu", 3}, .timing = &small_timing};
static const uint32_t some_tokens[] = {5, 6, 7, 8};

/* Appends a frame of the answer to `seen`. */
static void frame_put(
    struct buffer *frames, const struct seen *seen, uint8_t flags, uint32_t status,
    unsigned message, const void *object) {
    const size_t start = frames->size;
    struct codec codec = {.buffer = frames};
    memset(buffer_extend(frames, 32), 0, 32);
    CHECK(put_record(&codec, message, object));
    uint8_t *header = frames->bytes + start;
    const uint32_t size = (uint32_t)(frames->size - start - 32);
    put_u32(header, 28 + size);
    header[4] = 1;
    header[5] = seen->kind | 0x80;
    header[6] = flags;
    header[7] = 1;
    put_u64(header + 8, seen->id);
    put_u32(header + 16, status);
    put_u32(header + 20, size);
}

/* Sends the frames, and frees their buffer. Returns true. */
static bool send_frames(int fd, struct buffer *frames) {
    (void)send(fd, frames->bytes, frames->size, MSG_NOSIGNAL);
    buffer_free(frames);
    return true;
}

/* Sends one frame of the answer to `seen`. Returns true. */
static bool respond(
    int fd, const struct seen *seen, uint8_t flags, uint32_t status, unsigned message,
    const void *object) {
    struct buffer frames = {.allocator = &plain_allocator};
    frame_put(&frames, seen, flags, status, message, object);
    return send_frames(fd, &frames);
}

static bool read_request(int fd, struct seen *seen) {
    uint8_t bytes[32];
    if (recv(fd, bytes, sizeof bytes, MSG_WAITALL) != sizeof bytes) {
        return false;
    }
    const struct assay_header header = read_header(bytes);
    seen->kind = header.kind;
    seen->id = header.request_id;
    seen->size = header.length - 28;
    return seen->size <= sizeof seen->body &&
           recv(fd, seen->body, seen->size, MSG_WAITALL) == (ssize_t)seen->size;
}

static void *serve(void *context) {
    const struct served *served = context;
    struct seen seen;
    while (read_request(served->fd, &seen) &&
           served->fake->answer(served->fake, served->fd, &seen)) {
    }
    close(served->fd);
    return NULL;
}

static void *fake_run(void *context) {
    struct fake *fake = context;
    struct served *served = fake->served;
    while ((served->fd = accept(fake->listener, NULL, NULL)) >= 0) {
        served->fake = fake;
        fake->connections++;
        if (!fake->is_parallel) {
            (void)serve(served);
        } else if (
            pthread_create(&served->thread, NULL, serve, served) != 0 ||
            ++served == fake->served + 64) {
            abort();
        }
    }
    while (served != fake->served) {
        pthread_join((--served)->thread, NULL);
    }
    return NULL;
}

static void fake_listen(struct fake *fake, int queue) {
    static unsigned number;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)snprintf(
        fake->path, sizeof fake->path, "/tmp/assay-c-test-%ld-%u.sock", (long)getpid(), number++);
    (void)snprintf(fake->url, sizeof fake->url, "unix://%s", fake->path);
    memcpy(name.sun_path, fake->path, sizeof fake->path);
    fake->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(fake->listener, (struct sockaddr *)&name, sizeof name) == 0);
    CHECK(listen(fake->listener, queue) == 0);
}

/* Makes a client, with NULL options for the defaults. */
static assay_client *client_for(const char *url, const assay_options *options) {
    assay_client *client;
    CHECK_EQUAL(assay_client_new(url, options, &client, NULL), ASSAY_OK);
    return client;
}

/* Starts a server, and makes a client, whose memory is counted. NULL when its allocator fails. */
static assay_client *fake_start(struct fake *fake) {
    assay_options options = fake->options == NULL ? assay_options_default() : *fake->options;
    pthread_mutex_init(&fake->counting.lock, NULL);
    options.allocator = (assay_allocator){counting_resize, &fake->counting};
    options.backoff_milliseconds = 1;
    fake_listen(fake, 16);
    (void)assay_client_new(fake->url, &options, &fake->client, NULL);
    CHECK(pthread_create(&fake->thread, NULL, fake_run, fake) == 0);
    return fake->client;
}

enum { ANY = -1 };

/* Frees the client and ends the server. All memory of the client must be gone, and the server must
 * have seen as many connections, or ANY number. */
static void fake_stop(struct fake *fake, int connections) {
    assay_client_free(fake->client);
    shutdown(fake->listener, SHUT_RDWR);
    pthread_join(fake->thread, NULL);
    close(fake->listener);
    unlink(fake->path);
    if (connections != ANY) {
        CHECK_EQUAL(fake->connections, connections);
    }
    CHECK_EQUAL(fake->counting.outstanding, 0);
}

/* ---------------------------------------------------------------- calls */

static const assay_generate_request small_request = {.prompt = {"x", 1}};

static assay_code ping_with(assay_client *client, const char *words) {
    const assay_ping_request ping = {.payload = {(const uint8_t *)words, strlen(words)}};
    return assay_ping(client, &ping, NULL, NULL, NULL);
}

#endif
