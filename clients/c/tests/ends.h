/*
 * Tests of processes and calls with an early end: forks, signals, cancelled threads, callbacks that
 * stop or jump out, servers that are not up yet. Guarantees: further callers are not disturbed, and
 * no place in flight is lost. In one file, since all need a second
 * process or thread. Included by test_assay.c. Not here: a server that lies (answers.h).
 */
#ifndef TESTS_ENDS_H
#define TESTS_ENDS_H

#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>

static assay_code ping_with(assay_client *client, const char *words) {
    const assay_ping_request ping = {.payload = {(const uint8_t *)words, strlen(words)}};
    assay_error error;
    return assay_ping(client, &ping, NULL, NULL, &error);
}

/* Returns the exit status of a child, or -1 for a killed child. */
static int child_status(pid_t child) {
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---------------------------------------------------------------- forks */

/* In a child, pings and then frees the client. The exit status counts the failures. */
static void ping_as_child(assay_client *client) {
    alarm(HANG_GUARD_SECONDS);
    int failed = 0;
    for (int i = 0; i < 5; i++) {
        failed += ping_with(client, "child") != ASSAY_OK;
    }
    assay_client_free(client);
    _exit(failed);
}

static void a_child_makes_connections_of_its_own(void) {
    struct fake fake;
    struct counting counting = COUNTING;
    fake_start_parallel(&fake, answer_well, NULL);
    assay_client *client = client_for(fake.url, &counting);
    CHECK_EQUAL(ping_with(client, "before"), ASSAY_OK);
    for (int round = 0; round < 5; round++) {
        pid_t child = fork();
        if (child == 0) {
            ping_as_child(client);
        }
        for (int i = 0; i < 20; i++) {
            CHECK_EQUAL(ping_with(client, "parent"), ASSAY_OK);
        }
        CHECK_EQUAL(child_status(child), 0);
    }
    CHECK_EQUAL(ping_with(client, "after"), ASSAY_OK);
    CHECK_EQUAL(fake.connections, 6); /* one of the parent and one of each child */
    assay_client_free(client);
    fake_stop(&fake);
    CHECK_EQUAL(counting.outstanding, 0);
}

static void a_child_does_not_need_the_parents_lock(void) {
    struct fake fake;
    struct counting counting = COUNTING;
    fake_start_parallel(&fake, answer_well, NULL);
    assay_client *client = client_for(fake.url, &counting);
    CHECK_EQUAL(ping_with(client, "before"), ASSAY_OK);
    struct pool *pool = atomic_load(&client->pool);
    pthread_mutex_lock(&pool->lock); /* as another thread may hold it */
    pid_t child = fork();
    if (child == 0) {
        ping_as_child(client);
    }
    pthread_mutex_unlock(&pool->lock);
    CHECK_EQUAL(child_status(child), 0);
    CHECK_EQUAL(ping_with(client, "after"), ASSAY_OK);
    CHECK_EQUAL(fake.connections, 2);
    assay_client_free(client);
    fake_stop(&fake);
}

/* A server that answers a Generate only after a ping of "go". */
struct holding {
    _Atomic bool holds;
    int fd;
    struct seen held;
};

static bool answer_on_go(struct fake *fake, int fd, const struct seen *seen) {
    struct holding *holding = fake->context;
    uint8_t body[2048];
    if (seen->kind == ASSAY_KIND_GENERATE) {
        holding->fd = fd;
        holding->held = (struct seen){.kind = seen->kind, .id = seen->id};
        holding->holds = true;
        return true;
    }
    if (seen->kind == ASSAY_KIND_PING && seen->size == 10 && holding->holds) {
        respond(
            holding->fd, &holding->held, 0, 0, body, generated_body(body, "held", false));
        holding->holds = false;
    }
    return answer_well(fake, fd, seen);
}

static void *generate_held(void *context) {
    assay_reply reply;
    assay_error error;
    assay_code code = assay_generate(context, &small_request, NULL, &reply, &error);
    bool is_right = code == ASSAY_OK && strcmp(reply.generate->text.data, "held") == 0;
    assay_reply_free(&reply);
    return is_right ? context : NULL;
}

/* Ends where a cancellation takes effect. Has no locals, whose end the address sanitizer would
 * miss. */
static void *generate_held_and_look(void *context) {
    (void)generate_held(context);
    pthread_testcancel();
    return NULL;
}

static void wait_for(const _Atomic bool *flag) {
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < HANG_GUARD_SECONDS * 1000 && !*flag; i++) {
        nanosleep(&pause, NULL);
    }
    CHECK(*flag);
}

static void a_call_in_flight_survives_a_fork(void) {
    struct holding holding = {.holds = false};
    struct counting counting = COUNTING;
    struct fake fake;
    pthread_t thread;
    void *is_right = NULL;
    fake_start_parallel(&fake, answer_on_go, &holding);
    assay_client *client = client_for(fake.url, &counting);
    CHECK(pthread_create(&thread, NULL, generate_held, client) == 0);
    wait_for(&holding.holds);
    pid_t child = fork(); /* while another thread reads the connection */
    if (child == 0) {
        ping_as_child(client);
    }
    CHECK_EQUAL(child_status(child), 0);
    CHECK_EQUAL(ping_with(client, "go"), ASSAY_OK);
    pthread_join(thread, &is_right);
    CHECK(is_right != NULL);
    CHECK_EQUAL(fake.connections, 2);
    assay_client_free(client);
    fake_stop(&fake);
    CHECK_EQUAL(counting.outstanding, 0);
}

/* A client, and the child forked by on_chunk (0 in the child). */
struct forking {
    assay_client *client;
    pid_t child;
    assay_code ping;
};

static bool fork_once(void *context, const assay_chunk *chunk) {
    struct forking *forking = context;
    (void)chunk;
    if (forking->child < 0) {
        forking->child = fork();
        if (forking->child == 0) {
            alarm(HANG_GUARD_SECONDS);
            forking->ping = ping_with(forking->client, "child");
        }
    }
    return true;
}

static void a_fork_in_a_callback_leaves_one_answer(void) {
    struct fake fake;
    struct counting counting = COUNTING;
    fake_start_parallel(&fake, answer_well, NULL);
    struct forking forking = {.client = client_for(fake.url, &counting), .child = -1};
    assay_reply reply;
    assay_error error;
    assay_code code = assay_generate_stream(
        forking.client, &small_request, fork_once, &forking, NULL, &reply, &error);
    if (forking.child == 0) {
        bool is_fine = code == ASSAY_CONNECTION_CLOSED && reply.message == NULL &&
                       forking.ping == ASSAY_OK &&
                       ping_with(forking.client, "again") == ASSAY_OK;
        assay_client_free(forking.client);
        _exit(is_fine ? 0 : 1);
    }
    CHECK_EQUAL(child_status(forking.child), 0);
    CHECK_EQUAL(code, ASSAY_OK);
    CHECK(code == ASSAY_OK && strcmp(reply.generate->text.data, "one two three") == 0);
    assay_reply_free(&reply);
    CHECK_EQUAL(ping_with(forking.client, "after"), ASSAY_OK);
    CHECK_EQUAL(fake.connections, 2);
    assay_client_free(forking.client);
    fake_stop(&fake);
    CHECK_EQUAL(counting.outstanding, 0);
}

static bool is_same_file(const struct stat *a, int fd) {
    struct stat b;
    return fstat(fd, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

static void a_child_closes_its_copies_and_no_other_file(void) {
    struct fake fake;
    struct counting counting = COUNTING;
    fake_start_parallel(&fake, answer_well, NULL);
    assay_client *client = client_for(fake.url, &counting);
    CHECK_EQUAL(ping_with(client, "before"), ASSAY_OK);
    int fd = atomic_load(&atomic_load(&client->pool)->connections)->fd;
    struct stat parents, others;
    CHECK(fstat(fd, &parents) == 0);
    pid_t child = fork();
    if (child == 0) {
        alarm(HANG_GUARD_SECONDS);
        bool is_fine = ping_with(client, "child") == ASSAY_OK && !is_same_file(&parents, fd);
        _exit(is_fine ? 0 : 1);
    }
    CHECK_EQUAL(child_status(child), 0);
    child = fork();
    if (child == 0) { /* the number names another file before the client's use */
        alarm(HANG_GUARD_SECONDS);
        int ends[2];
        bool is_fine = pipe(ends) == 0 && dup2(ends[1], fd) == fd && fstat(fd, &others) == 0 &&
                       ping_with(client, "child") == ASSAY_OK && is_same_file(&others, fd);
        _exit(is_fine ? 0 : 1);
    }
    CHECK_EQUAL(child_status(child), 0);
    CHECK(is_same_file(&parents, fd));
    assay_client_free(client);
    fake_stop(&fake);
}

static void a_client_closed_before_the_fork_stays_closed(void) {
    struct fake fake;
    struct counting counting = COUNTING;
    fake_start_parallel(&fake, answer_well, NULL);
    assay_client *client = client_for(fake.url, &counting);
    CHECK_EQUAL(ping_with(client, "before"), ASSAY_OK);
    assay_client_close(client);
    pid_t child = fork();
    if (child == 0) {
        alarm(HANG_GUARD_SECONDS);
        _exit(ping_with(client, "child") == ASSAY_CONNECTION_CLOSED ? 0 : 1);
    }
    CHECK_EQUAL(child_status(child), 0);
    CHECK_EQUAL(fake.connections, 1);
    assay_client_free(client);
    fake_stop(&fake);
}

/* ---------------------------------------------------------------- signals, threads, callbacks */

static volatile sig_atomic_t signals_seen;

static void count_signal(int number) {
    (void)number;
    signals_seen = signals_seen + 1;
}

static void signals_change_nothing(void) {
    static char words[60001];
    struct fake fake;
    struct counting counting = COUNTING;
    sigset_t alarms;
    timer_t timer;
    struct sigaction action = {.sa_handler = count_signal}, before; /* calls are interrupted */
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    const struct itimerspec often = {
        .it_interval = {.tv_nsec = 500000}, .it_value = {.tv_nsec = 500000}};
    memset(words, 'x', sizeof words - 1);
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarms, NULL);
    fake_start(&fake, answer_well, NULL); /* the server's thread gets no signals */
    pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    CHECK(sigaction(SIGALRM, &action, &before) == 0);
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    CHECK(timer_settime(timer, 0, &often, NULL) == 0);
    signals_seen = 0;
    for (int round = 0; round < HANG_GUARD_SECONDS * 100 && signals_seen < 100; round++) {
        assay_client *client = client_for(fake.url, &counting);
        for (int i = 0; i < 10; i++) {
            CHECK_EQUAL(ping_with(client, words), ASSAY_OK);
        }
        assay_client_free(client);
    }
    CHECK(signals_seen >= 100);
    connecting_has_a_limit(); /* also with interrupted waits */
    timer_delete(timer);
    CHECK(sigaction(SIGALRM, &before, NULL) == 0);
    fake_stop(&fake);
    CHECK_EQUAL(counting.outstanding, 0);
}

static void a_cancelled_thread_ends_after_its_call(void) {
    struct holding holding = {.holds = false};
    struct counting counting = COUNTING;
    struct fake fake;
    pthread_t thread;
    void *result = NULL;
    fake_start_parallel(&fake, answer_on_go, &holding);
    assay_client *client = client_for(fake.url, &counting);
    CHECK(pthread_create(&thread, NULL, generate_held_and_look, client) == 0);
    wait_for(&holding.holds);
    CHECK(pthread_cancel(thread) == 0);
    CHECK_EQUAL(ping_with(client, "others go on"), ASSAY_OK);
    CHECK_EQUAL(ping_with(client, "go"), ASSAY_OK);
    pthread_join(thread, &result);
    CHECK(result == PTHREAD_CANCELED);
    CHECK_EQUAL(ping_with(client, "and after"), ASSAY_OK);
    CHECK_EQUAL(fake.connections, 1);
    assay_client_free(client);
    fake_stop(&fake);
    CHECK_EQUAL(counting.outstanding, 0);
}

/* An allocator with a record of blocks in use, for calls that lose their memory. */
static void *kept_blocks[1024];

static void *keeping_resize(void *context, void *block, size_t size) {
    pthread_mutex_t *lock = context;
    pthread_mutex_lock(lock);
    size_t at = 0;
    while (at < 1023 && kept_blocks[at] != block) {
        at++;
    }
    if (size == 0) {
        free(block);
        block = NULL;
    } else {
        block = realloc(block, size);
    }
    kept_blocks[at] = block;
    pthread_mutex_unlock(lock);
    return block;
}

static bool jump_out(void *context, const assay_chunk *chunk) {
    (void)chunk;
    longjmp(context, 1);
}

static void a_callback_that_jumps_out_disturbs_nobody(void) {
    static jmp_buf outside;
    static struct fake fake;
    static assay_client *client;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    assay_options options = assay_options_default();
    assay_error error;
    int ignored;
    fake_start(&fake, answer_well, NULL);
    options.allocator = (assay_allocator){keeping_resize, &lock};
    CHECK_EQUAL(assay_client_new(fake.url, &options, &client, &error), ASSAY_OK);
    for (volatile int i = 0; i < 10; i++) { /* more than the 4 places in flight */
        if (setjmp(outside) == 0) {
            (void)assay_generate_stream(
                client, &small_request, jump_out, outside, NULL, NULL, NULL);
            CHECK(false);
        }
        CHECK_EQUAL(ping_with(client, "others go on"), ASSAY_OK);
    }
    (void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &ignored);
    struct connection *connection = atomic_load(&client->pool)->connections;
    CHECK_EQUAL(connection->in_flight, 0);
    CHECK_EQUAL(fake.connections, 1);
    assay_client_free(client);
    fake_stop(&fake);
    for (size_t i = 0; i < 1024; i++) {
        free(kept_blocks[i]);
        kept_blocks[i] = NULL;
    }
}

/* Offers one place in flight. A Generate ends when cancelled. */
static bool answer_one_at_a_time(struct fake *fake, int fd, const struct seen *seen) {
    uint8_t body[2048];
    if (seen->kind == ASSAY_KIND_HELLO) {
        respond(fd, seen, 0, 0, body, hello_body(body, 1));
        return true;
    }
    return answer_after_cancel(fake, fd, seen);
}

static void a_callback_that_stops_gives_its_place_back(void) {
    struct fake fake;
    struct counting counting = COUNTING;
    unsigned seen = 0;
    fake_start(&fake, answer_one_at_a_time, NULL);
    assay_client *client = client_for(fake.url, &counting);
    for (unsigned i = 1; i <= 5; i++) {
        assay_error error;
        CHECK_EQUAL(
            assay_generate_stream(client, &small_request, first_only, &seen, NULL, NULL, &error),
            ASSAY_GIVEN_UP);
        CHECK_EQUAL(seen, i);
        CHECK_EQUAL(ping_with(client, "the place is free"), ASSAY_OK);
    }
    assay_client_free(client);
    fake_stop(&fake);
    CHECK_EQUAL(fake.connections, 1);
    CHECK_EQUAL(fake.cancels, 5);
    CHECK_EQUAL(counting.outstanding, 0);
}

/* ---------------------------------------------------------------- servers that are not there */

static int socket_option(int fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    CHECK(getsockopt(fd, level, name, &value, &size) == 0);
    return value;
}

static void tcp_connections_are_probed(void) {
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof name;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&name, size) == 0 && listen(listener, 4) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&name, &size) == 0);
    char url[40];
    struct address address;
    assay_error error;
    (void)snprintf(url, sizeof url, "tcp://127.0.0.1:%d", ntohs(name.sin_port));
    CHECK(parse_address(url, &address, &error));
    atomic_bool is_closed = false;
    int fd = connect_socket(
        &address, milliseconds_from_now(5000), FOREVER, &is_closed, &error);
    CHECK(fd >= 0);
    CHECK_EQUAL(socket_option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    CHECK_EQUAL(socket_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
    CHECK_EQUAL(socket_option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 10);
    CHECK_EQUAL(socket_option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
    CHECK_EQUAL(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    close(fd);
    close(listener);
}

static assay_client *waiting_client(const char *url, uint32_t milliseconds, uint32_t attempts) {
    assay_options options = assay_options_default();
    options.wait_milliseconds = milliseconds;
    options.attempts = attempts;
    assay_client *client = NULL;
    CHECK_EQUAL(assay_client_new(url, &options, &client, NULL), ASSAY_OK);
    return client;
}

static void without_a_wait_a_dead_address_fails(void) {
    assay_client *client = waiting_client("unix:///nobody/there", 0, 1);
    CHECK_EQUAL(ping_with(client, "nobody"), ASSAY_UNREACHABLE);
    assay_client_free(client);
}

/* A socket's file that comes back after a while. */
struct moved {
    char here[64], away[80];
};

static void *move_back(void *context) {
    const struct moved *moved = context;
    const struct timespec pause = {.tv_nsec = 100000000};
    nanosleep(&pause, NULL);
    CHECK(rename(moved->away, moved->here) == 0);
    return NULL;
}

static void a_wait_covers_a_missing_socket(void) {
    struct fake fake;
    struct moved moved;
    pthread_t thread;
    fake_start(&fake, answer_well, NULL);
    (void)snprintf(moved.here, sizeof moved.here, "%s", fake.path);
    (void)snprintf(moved.away, sizeof moved.away, "%s.away", fake.path);
    CHECK(rename(moved.here, moved.away) == 0);
    assay_client *client = waiting_client(fake.url, HANG_GUARD_SECONDS * 1000, 1);
    CHECK(pthread_create(&thread, NULL, move_back, &moved) == 0);
    CHECK_EQUAL(ping_with(client, "late"), ASSAY_OK);
    pthread_join(thread, NULL);
    assay_client_free(client);
    fake_stop(&fake);
}

/* A server that refuses the first `refusals` pings, each with the pause `pause`. */
struct loading {
    unsigned refusals, seen;
    uint64_t pause;
};

static bool answer_loading(struct fake *fake, int fd, const struct seen *seen) {
    struct loading *loading = fake->context;
    uint8_t body[512];
    if (seen->kind != ASSAY_KIND_PING || ++loading->seen > loading->refusals) {
        return answer_well(fake, fd, seen);
    }
    size_t size = field_text(body, 1, "model_loading");
    size += field_text(body + size, 2, "not yet");
    size += field_u64(body + size, 4, loading->pause);
    respond(fd, seen, 0, ASSAY_STATUS_UNAVAILABLE, body, size);
    return true;
}

static void check_loading(struct loading loading, uint32_t wait, uint32_t attempts, bool answers) {
    struct fake fake;
    fake_start(&fake, answer_loading, &loading);
    assay_client *client = waiting_client(fake.url, wait, attempts);
    CHECK_EQUAL(ping_with(client, "loading"), answers ? ASSAY_OK : ASSAY_SERVER_REFUSED);
    assay_client_free(client);
    fake_stop(&fake);
    CHECK_EQUAL(fake.connections, 1);
    if (wait == 0 || loading.pause > wait) {
        CHECK_EQUAL(loading.seen, attempts);
    } else {
        CHECK(answers ? loading.seen == loading.refusals + 1 : loading.seen > attempts);
    }
}

static void a_wait_covers_a_model_that_loads(void) {
    check_loading((struct loading){.refusals = 9, .pause = 1}, 60000, 1, true);
    check_loading((struct loading){.refusals = 9, .pause = 1}, 0, 3, false);
}

static void *close_in_a_pause(void *client) {
    const struct timespec pause = {.tv_nsec = 100000000};
    nanosleep(&pause, NULL);
    assay_client_close(client);
    return NULL;
}

static void close_ends_a_pause(void) {
    for (uint32_t attempts = 1; attempts <= 2; attempts++) {
        struct loading loading = {.refusals = UINT32_MAX, .pause = 3600000};
        struct fake fake;
        pthread_t thread;
        fake_start(&fake, answer_loading, &loading);
        assay_client *client = waiting_client(fake.url, attempts == 1 ? 7200000 : 0, attempts);
        CHECK(pthread_create(&thread, NULL, close_in_a_pause, client) == 0);
        CHECK_EQUAL(ping_with(client, "closed"), ASSAY_CONNECTION_CLOSED);
        pthread_join(thread, NULL);
        assay_client_free(client);
        fake_stop(&fake);
        CHECK_EQUAL(loading.seen, 1);
    }
}

/* The server accepts no connection, and connecting ends only with the close, since the queue is
 * full. */
static void close_ends_connecting(void) {
    struct fake full;
    pthread_t thread;
    assay_client *clients[4];
    assay_options options = assay_options_default();
    options.connect_milliseconds = 20;
    fake_listen(&full, answer_well, NULL);
    CHECK(listen(full.listener, 0) == 0);
    for (int i = 0; i < 4; i++) {
        options.connect_milliseconds = i == 3 ? HANG_GUARD_SECONDS * 1000 : 20;
        CHECK_EQUAL(assay_client_new(full.url, &options, &clients[i], NULL), ASSAY_OK);
        if (i < 3) {
            const assay_code code = ping_with(clients[i], "fills the queue");
            CHECK(code == ASSAY_UNREACHABLE || (code == ASSAY_TIMED_OUT && i < 2));
        }
    }
    CHECK(pthread_create(&thread, NULL, close_in_a_pause, clients[3]) == 0);
    CHECK_EQUAL(ping_with(clients[3], "closed"), ASSAY_CONNECTION_CLOSED);
    pthread_join(thread, NULL);
    for (int i = 0; i < 4; i++) {
        assay_client_free(clients[i]);
    }
    close(full.listener);
    unlink(full.path);
}

static void a_wait_ends_with_the_error(void) {
    const assay_ping_request ping = {.payload = {NULL, 0}};
    const assay_call_options soon = {.deadline_milliseconds = 50};
    struct fake refusing;
    assay_error error;
    check_loading((struct loading){.refusals = UINT32_MAX, .pause = 1}, 50, 1, false);
    check_loading((struct loading){.refusals = 9, .pause = 3600000}, 60000, 1, false);
    assay_client *client = waiting_client("unix:///nobody/there", 50, 1);
    CHECK_EQUAL(ping_with(client, "nobody"), ASSAY_UNREACHABLE);
    assay_client_free(client);
    client = waiting_client("unix:///nobody/there", 3600000, 1);
    CHECK_EQUAL(assay_ping(client, &ping, &soon, NULL, &error), ASSAY_UNREACHABLE);
    assay_client_free(client);
    fake_listen(&refusing, answer_well, NULL);
    close(refusing.listener); /* the file stays: connecting is refused */
    client = waiting_client(refusing.url, 50, 1);
    CHECK_EQUAL(ping_with(client, "nobody"), ASSAY_UNREACHABLE);
    assay_client_free(client);
    unlink(refusing.path);
}

#endif
