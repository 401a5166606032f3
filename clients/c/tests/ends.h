/*
 * Tests of processes and calls with an early end: forks, signals, cancelled threads, callbacks that
 * stop or jump out, servers that are not up yet. Guarantees: further callers are not disturbed, and
 * no place in flight is lost. In one file, since all need a second process or thread. Included by
 * test_assay.c. Not here: a server that lies (answers.h).
 */
#ifndef TESTS_ENDS_H
#define TESTS_ENDS_H

#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>

/* ---------------------------------------------------------------- forks */

/* Forks a child that ends even when it hangs. */
static pid_t fork_guarded(void) {
    pid_t child = fork();
    if (child == 0) {
        alarm(HANG_GUARD_SECONDS);
    }
    return child;
}

/* Forks a child that pings and then frees the client. Its exit status counts the failures. */
static pid_t fork_pinging(assay_client *client) {
    pid_t child = fork_guarded();
    int failed = 0;
    for (int i = 0; child == 0 && i < 5; i++) {
        failed += ping_with(client, "child") != ASSAY_OK;
    }
    if (child == 0) {
        assay_client_free(client);
        _exit(failed);
    }
    return child;
}

/* Checks that a child ends with the exit status 0. */
static void check_child(pid_t child) {
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_EQUAL(status, 0);
}

static void a_child_makes_connections_of_its_own(void) {
    struct fake fake = {.answer = answer_well, .is_parallel = true};
    assay_client *client = fake_start(&fake);
    CHECK_EQUAL(ping_with(client, "before"), ASSAY_OK);
    for (int round = 0; round < 5; round++) {
        pid_t child = fork_pinging(client);
        for (int i = 0; i < 20; i++) {
            CHECK_EQUAL(ping_with(client, "parent"), ASSAY_OK);
        }
        check_child(child);
    }
    CHECK_EQUAL(ping_with(client, "after"), ASSAY_OK);
    fake_stop(&fake, 6); /* one of the parent and one of each child */
}

static void a_child_does_not_need_the_parents_lock(void) {
    struct fake fake = {.answer = answer_well, .is_parallel = true};
    assay_client *client = fake_start(&fake);
    CHECK_EQUAL(ping_with(client, "before"), ASSAY_OK);
    struct pool *pool = atomic_load(&client->pool);
    pthread_mutex_lock(&pool->lock); /* as another thread may hold it */
    pid_t child = fork_pinging(client);
    pthread_mutex_unlock(&pool->lock);
    check_child(child);
    CHECK_EQUAL(ping_with(client, "after"), ASSAY_OK);
    fake_stop(&fake, 2);
}

/* A server that answers a Generate only after a ping of "go". */
struct holding {
    _Atomic bool holds;
    int fd;
    struct seen held;
};

static bool answer_on_go(struct fake *fake, int fd, const struct seen *seen) {
    struct holding *holding = fake->context;
    if (seen->kind == ASSAY_KIND_GENERATE) {
        holding->fd = fd;
        holding->held = (struct seen){.kind = seen->kind, .id = seen->id};
        holding->holds = true;
        return true;
    }
    if (seen->kind == ASSAY_KIND_PING && seen->size == 10 && holding->holds) {
        (void)answer_last(holding->fd, &holding->held, "held");
        holding->holds = false;
    }
    return answer_well(fake, fd, seen);
}

static void *generate_held(void *context) {
    assay_reply reply;
    assay_code code = assay_generate(context, &small_request, NULL, &reply, NULL);
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

static void pause_milliseconds(long milliseconds) {
    const struct timespec pause = {.tv_nsec = milliseconds * 1000000};
    nanosleep(&pause, NULL);
}

/* Starts a thread with a Generate that is held. */
static pthread_t start_held(
    struct holding *holding, void *(*run)(void *client), assay_client *client) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run, client) == 0);
    for (int i = 0; i < HANG_GUARD_SECONDS * 1000 && !holding->holds; i++) {
        pause_milliseconds(1);
    }
    CHECK(holding->holds);
    return thread;
}

static void a_call_in_flight_survives_a_fork(void) {
    struct holding holding = {.holds = false};
    struct fake fake = {.answer = answer_on_go, .context = &holding, .is_parallel = true};
    void *is_right = NULL;
    assay_client *client = fake_start(&fake);
    pthread_t thread = start_held(&holding, generate_held, client);
    check_child(fork_pinging(client)); /* while another thread reads the connection */
    CHECK_EQUAL(ping_with(client, "go"), ASSAY_OK);
    pthread_join(thread, &is_right);
    CHECK(is_right != NULL);
    fake_stop(&fake, 2);
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
        forking->child = fork_guarded();
        if (forking->child == 0) {
            forking->ping = ping_with(forking->client, "child");
        }
    }
    return true;
}

static void a_fork_in_a_callback_leaves_one_answer(void) {
    struct fake fake = {.answer = answer_well, .is_parallel = true};
    assay_client *client = fake_start(&fake);
    struct forking forking = {.client = client, .child = -1};
    assay_reply reply;
    assay_code code = assay_generate_stream(
        client, &small_request, fork_once, &forking, NULL, &reply, NULL);
    if (forking.child == 0) {
        bool is_fine = code == ASSAY_CONNECTION_CLOSED && reply.message == NULL &&
                       forking.ping == ASSAY_OK && ping_with(client, "again") == ASSAY_OK;
        assay_client_free(client);
        _exit(is_fine ? 0 : 1);
    }
    check_child(forking.child);
    CHECK_EQUAL(code, ASSAY_OK);
    CHECK(code == ASSAY_OK && strcmp(reply.generate->text.data, "one two three") == 0);
    assay_reply_free(&reply);
    CHECK_EQUAL(ping_with(client, "after"), ASSAY_OK);
    fake_stop(&fake, 2);
}

static bool is_same_file(const struct stat *a, int fd) {
    struct stat b;
    return fstat(fd, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

static void a_child_closes_its_copies_and_no_other_file(void) {
    struct fake fake = {.answer = answer_well, .is_parallel = true};
    assay_client *client = fake_start(&fake);
    CHECK_EQUAL(ping_with(client, "before"), ASSAY_OK);
    int fd = atomic_load(&atomic_load(&client->pool)->connections)->fd;
    struct stat parents, others;
    CHECK(fstat(fd, &parents) == 0);
    pid_t child = fork_guarded();
    if (child == 0) {
        bool is_fine = ping_with(client, "child") == ASSAY_OK && !is_same_file(&parents, fd);
        _exit(is_fine ? 0 : 1);
    }
    check_child(child);
    child = fork_guarded();
    if (child == 0) { /* the number names another file before the client's use */
        int ends[2];
        bool is_fine = pipe(ends) == 0 && dup2(ends[1], fd) == fd && fstat(fd, &others) == 0 &&
                       ping_with(client, "child") == ASSAY_OK && is_same_file(&others, fd);
        _exit(is_fine ? 0 : 1);
    }
    check_child(child);
    CHECK(is_same_file(&parents, fd));
    fake_stop(&fake, 3);
}

static void a_client_closed_before_the_fork_stays_closed(void) {
    struct fake fake = {.answer = answer_well, .is_parallel = true};
    assay_client *client = fake_start(&fake);
    CHECK_EQUAL(ping_with(client, "before"), ASSAY_OK);
    assay_client_close(client);
    pid_t child = fork_guarded();
    if (child == 0) {
        _exit(ping_with(client, "child") == ASSAY_CONNECTION_CLOSED ? 0 : 1);
    }
    check_child(child);
    fake_stop(&fake, 1);
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

static assay_options waiting_options(uint32_t milliseconds, uint32_t attempts) {
    assay_options options = assay_options_default();
    options.wait_milliseconds = milliseconds;
    options.attempts = attempts;
    return options;
}

/* Pings where no server is. */
static void check_unreachable(const char *url, uint32_t wait, uint32_t deadline) {
    const assay_options options = waiting_options(wait, 1);
    const assay_ping_request ping = {.payload = {NULL, 0}};
    const assay_call_options call = {.deadline_milliseconds = deadline};
    assay_client *client = client_for(url, &options);
    CHECK_EQUAL(assay_ping(client, &ping, &call, NULL, NULL), ASSAY_UNREACHABLE);
    assay_client_free(client);
}

static void without_a_wait_a_dead_address_fails(void) {
    check_unreachable("unix:///nobody/there", 0, 0);
}

/* A socket's file that comes back after a while. */
struct moved {
    char here[64], away[80];
};

static void *move_back(void *context) {
    const struct moved *moved = context;
    pause_milliseconds(100);
    CHECK(rename(moved->away, moved->here) == 0);
    return NULL;
}

static void a_wait_covers_a_missing_socket(void) {
    const assay_options options = waiting_options(HANG_GUARD_SECONDS * 1000, 1);
    struct fake fake = {.answer = answer_well, .options = &options};
    struct moved moved;
    pthread_t thread;
    assay_client *client = fake_start(&fake);
    (void)snprintf(moved.here, sizeof moved.here, "%s", fake.path);
    (void)snprintf(moved.away, sizeof moved.away, "%s.away", fake.path);
    CHECK(rename(moved.here, moved.away) == 0);
    CHECK(pthread_create(&thread, NULL, move_back, &moved) == 0);
    CHECK_EQUAL(ping_with(client, "late"), ASSAY_OK);
    pthread_join(thread, NULL);
    fake_stop(&fake, 1);
}

/* A server that refuses the first `refusals` pings, each with the pause `pause`. */
struct loading {
    unsigned refusals, seen;
    uint64_t pause;
};

static bool answer_loading(struct fake *fake, int fd, const struct seen *seen) {
    struct loading *loading = fake->context;
    const assay_error_body not_yet = {
        .code = {"model_loading", 13}, .message = {"not yet", 7},
        .retry_after_milliseconds = ASSAY_GIVEN(loading->pause)};
    if (seen->kind != ASSAY_KIND_PING || ++loading->seen > loading->refusals) {
        return answer_well(fake, fd, seen);
    }
    return respond(fd, seen, 0, ASSAY_STATUS_UNAVAILABLE, ASSAY_MESSAGE_ERROR_BODY, &not_yet);
}

static void check_loading(struct loading loading, uint32_t wait, uint32_t attempts, bool answers) {
    const assay_options options = waiting_options(wait, attempts);
    struct fake fake = {.answer = answer_loading, .context = &loading, .options = &options};
    const assay_code code = ping_with(fake_start(&fake), "loading");
    CHECK_EQUAL(code, answers ? ASSAY_OK : ASSAY_SERVER_REFUSED);
    fake_stop(&fake, 1);
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
    pause_milliseconds(100);
    assay_client_close(client);
    return NULL;
}

/* Makes a call that only the close ends, and closes the client meanwhile. */
static void check_close(assay_client *client) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, close_in_a_pause, client) == 0);
    CHECK_EQUAL(ping_with(client, "closed"), ASSAY_CONNECTION_CLOSED);
    pthread_join(thread, NULL);
}

/* The server accepts no connection. Its queue takes a few clients, which wait for the answer to
 * Hello, and further clients wait to connect. A patient client is handed to `use`. */
static void with_full_queue(void (*use)(assay_client *patient)) {
    struct fake full = {.answer = answer_well};
    assay_options options = assay_options_default();
    assay_client *clients[5];
    fake_listen(&full, 0);
    for (int i = 0; i < 5; i++) {
        options.connect_milliseconds = i == 4 ? HANG_GUARD_SECONDS * 1000 : 20;
        clients[i] = client_for(full.url, &options);
        const assay_code code = i == 4 ? ASSAY_UNREACHABLE : ping_with(clients[i], "hasty");
        CHECK(code == ASSAY_UNREACHABLE || (code == ASSAY_TIMED_OUT && i < 2));
    }
    use(clients[4]);
    for (int i = 0; i < 5; i++) {
        assay_client_free(clients[i]);
    }
    close(full.listener);
    unlink(full.path);
}

static void check_hasty_call(assay_client *patient) {
    const assay_call_options soon = {.deadline_milliseconds = 20};
    CHECK_EQUAL(assay_models(patient, &soon, NULL, NULL), ASSAY_TIMED_OUT);
}

static void connecting_has_a_limit(void) {
    with_full_queue(check_hasty_call);
}

static void close_ends_connecting(void) {
    with_full_queue(check_close);
}

static void close_ends_a_pause(void) {
    for (uint32_t attempts = 1; attempts <= 2; attempts++) {
        struct loading loading = {.refusals = UINT32_MAX, .pause = 3600000};
        const assay_options options = waiting_options(attempts == 1 ? 7200000 : 0, attempts);
        struct fake fake = {.answer = answer_loading, .context = &loading, .options = &options};
        check_close(fake_start(&fake));
        fake_stop(&fake, 1);
        CHECK_EQUAL(loading.seen, 1);
    }
}

static void a_wait_ends_with_the_error(void) {
    struct fake refusing = {.answer = answer_well};
    check_loading((struct loading){.refusals = UINT32_MAX, .pause = 1}, 50, 1, false);
    check_loading((struct loading){.refusals = 9, .pause = 3600000}, 60000, 1, false);
    check_unreachable("unix:///nobody/there", 50, 0);
    check_unreachable("unix:///nobody/there", 3600000, 50);
    fake_listen(&refusing, 16);
    close(refusing.listener); /* the file stays: connecting is refused */
    check_unreachable(refusing.url, 50, 0);
    unlink(refusing.path);
}

/* ---------------------------------------------------------------- signals, threads, callbacks */

static volatile sig_atomic_t signals_seen;

static void count_signal(int number) {
    (void)number;
    signals_seen = signals_seen + 1;
}

static void signals_change_nothing(void) {
    char words[60001] = "";
    sigset_t alarms;
    timer_t timer;
    struct sigaction action = {.sa_handler = count_signal}, before; /* calls are interrupted */
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    const struct itimerspec often = {
        .it_interval = {.tv_nsec = 500000}, .it_value = {.tv_nsec = 500000}};
    memset(words, 'x', sizeof words - 1);
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    CHECK(sigaction(SIGALRM, &action, &before) == 0);
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    CHECK(timer_settime(timer, 0, &often, NULL) == 0);
    signals_seen = 0;
    for (int round = 0; round < HANG_GUARD_SECONDS * 100 && signals_seen < 100; round++) {
        struct fake fake = {.answer = answer_well};
        pthread_sigmask(SIG_BLOCK, &alarms, NULL);
        assay_client *client = fake_start(&fake); /* the server's thread gets no signals */
        pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
        for (int i = 0; i < 10; i++) {
            CHECK_EQUAL(ping_with(client, words), ASSAY_OK);
        }
        fake_stop(&fake, 1);
    }
    CHECK(signals_seen >= 100);
    connecting_has_a_limit(); /* also with interrupted waits */
    timer_delete(timer);
    CHECK(sigaction(SIGALRM, &before, NULL) == 0);
}

static void a_cancelled_thread_ends_after_its_call(void) {
    struct holding holding = {.holds = false};
    struct fake fake = {.answer = answer_on_go, .context = &holding, .is_parallel = true};
    void *result = NULL;
    assay_client *client = fake_start(&fake);
    pthread_t thread = start_held(&holding, generate_held_and_look, client);
    CHECK(pthread_cancel(thread) == 0);
    CHECK_EQUAL(ping_with(client, "others go on"), ASSAY_OK);
    CHECK_EQUAL(ping_with(client, "go"), ASSAY_OK);
    pthread_join(thread, &result);
    CHECK(result == PTHREAD_CANCELED);
    CHECK_EQUAL(ping_with(client, "and after"), ASSAY_OK);
    fake_stop(&fake, 1);
}

static bool jump_out(void *context, const assay_chunk *chunk) {
    (void)chunk;
    longjmp(context, 1);
}

static void a_callback_that_jumps_out_disturbs_nobody(void) {
    static jmp_buf outside;
    static void *kept[1024];
    static struct fake fake = {.answer = answer_well, .counting = {.kept = kept}};
    static assay_client *client;
    int ignored;
    client = fake_start(&fake);
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
    assay_client_free(client);
    fake.client = NULL;
    for (size_t i = 0; i < 1024; i++) {
        (void)counting_resize(&fake.counting, kept[i], 0);
    }
    fake_stop(&fake, 1);
}

#endif
