// The line editor and the history of the system's libedit (editline(3)). Wrapped are the variadic
// calls, which Swift cannot make, and the standard streams, which are macros or mutable globals.
#ifndef ASSAY_CEDITLINE_SHIM_H
#define ASSAY_CEDITLINE_SHIM_H

#include <histedit.h>
#include <stdio.h>

typedef unsigned char (*assay_el_command)(EditLine *, int);

// An editor of standard input that writes to standard error. NULL on failure.
static inline EditLine *assay_el_init(const char *program) {
    return el_init(program, stdin, stderr, stderr);
}

// All return -1 on failure.
static inline int assay_el_set_client(EditLine *editor, void *data) {
    return el_set(editor, EL_CLIENTDATA, data);
}
static inline int assay_el_set_prompt(EditLine *editor, char *(*prompt)(EditLine *)) {
    return el_set(editor, EL_PROMPT, prompt);
}
static inline int assay_el_set_read(EditLine *editor, el_rfunc_t read) {
    return el_set(editor, EL_GETCFN, read);
}
static inline int assay_el_set_emacs(EditLine *editor) {
    return el_set(editor, EL_EDITOR, "emacs");
}
static inline int assay_el_set_history(EditLine *editor, History *list) {
    return el_set(editor, EL_HIST, history, list);
}
static inline int assay_el_add(
    EditLine *editor, const char *name, const char *help, assay_el_command command) {
    return el_set(editor, EL_ADDFN, name, help, command);
}
static inline int assay_el_bind(EditLine *editor, const char *key, const char *name) {
    return el_set(editor, EL_BIND, key, name, NULL);
}
static inline int assay_el_take_terminal(EditLine *editor) {
    return el_set(editor, EL_PREP_TERM, 1);
}
static inline int assay_el_refresh(EditLine *editor) { return el_set(editor, EL_REFRESH); }

// The data of assay_el_set_client.
static inline void *assay_el_client(EditLine *editor) {
    void *data = NULL;
    el_get(editor, EL_CLIENTDATA, &data);
    return data;
}

// All return -1 on failure.
static inline int assay_history_set_size(History *list, int count) {
    HistEvent event;
    return history(list, &event, H_SETSIZE, count);
}
static inline int assay_history_set_unique(History *list) {
    HistEvent event;
    return history(list, &event, H_SETUNIQUE, 1);
}
static inline int assay_history_enter(History *list, const char *line) {
    HistEvent event;
    return history(list, &event, H_ENTER, line);
}
static inline int assay_history_load(History *list, const char *path) {
    HistEvent event;
    return history(list, &event, H_LOAD, path);
}
static inline int assay_history_save(History *list, FILE *file) {
    HistEvent event;
    return history(list, &event, H_SAVE_FP, file);
}

#endif
