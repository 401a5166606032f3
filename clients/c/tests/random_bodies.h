/*
 * Encoded random messages within the bounds of their tables, for the tests of the codec. Included
 * by test_assay.c after assay.c and its codec.
 */
#ifndef RANDOM_BODIES_H
#define RANDOM_BODIES_H

static void fill_random(struct arena *arena, unsigned message, uint8_t *object);

/* Fills in a random value within the bounds of the field. Texts and lists stay short. */
static void fill_value(struct arena *arena, const assay_field_info *field, uint8_t *place) {
    uint64_t range = field->max - field->min;
    uint64_t number = field->min + (range == UINT64_MAX ? random_next() : random_below(range + 1));
    uint64_t count = field->min + random_below(range < 4 ? range + 1 : 4);
    const double real = field->f64_max == INFINITY ? -1.5 : field->f64_max;
    const uint8_t boolean = number % 2;
    if (field->presence == ASSAY_OPTIONAL && field->scalar_size > 0) {
        place[field->scalar_size] = true; /* `given` */
    }
    switch (field->type) {
    case ASSAY_TYPE_U64:
        memcpy(place, &number, sizeof number);
        return;
    case ASSAY_TYPE_F64:
        memcpy(place, &real, sizeof real);
        return;
    case ASSAY_TYPE_BOOL:
        memcpy(place, &boolean, sizeof boolean);
        return;
    case ASSAY_TYPE_RECORD:
        if (field->presence != ASSAY_REPEATED) {
            uint8_t *record = arena_take(arena, 1, field->item_size);
            memcpy(place, &record, sizeof record);
            place = record;
        }
        fill_random(arena, field->record, place);
        return;
    default: {
        uint8_t *bytes = arena_take(arena, count + 1, 4);
        memset(bytes, 'a' + (int)random_below(26), (size_t)count);
        struct span span = {bytes, (size_t)count};
        if (field->choices != NULL) {
            span = (struct span){field->choices[0].word, strlen(field->choices[0].word)};
        } else if (field->is_traceparent) {
            span.items = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        }
        memcpy(place, &span, sizeof span);
    }
    }
}

/* True when a field must stay out because of the message's rules: the first field of a rule that
 * needs one goes in, all further fields of rules stay out. */
static bool is_ruled_out(const assay_message_info *info, size_t row, bool *is_needed) {
    bool is_named = false;
    *is_needed = false;
    for (size_t i = 0; i < info->rule_count; i++) {
        const assay_rule *rule = &info->rules[i];
        for (size_t at = 0; at < rule->count; at++) {
            is_named = is_named || rule->rows[at] == row;
        }
        *is_needed = *is_needed || (rule->needs_one && rule->rows[0] == row);
    }
    return is_named && !*is_needed;
}

static void fill_random(struct arena *arena, unsigned message, uint8_t *object) {
    const assay_message_info *info = &assay_messages[message];
    for (size_t i = 0; i < info->field_count; i++) {
        const assay_field_info *field = &info->fields[i];
        uint8_t *place = object + field->offset;
        bool is_needed, is_out = is_ruled_out(info, i, &is_needed);
        bool is_rule = message == ASSAY_MESSAGE_LOGPROBS ||
                       (field->type == ASSAY_TYPE_RECORD && strstr(field->name, "logprobs"));
        bool may_stay_out = field->presence == ASSAY_OPTIONAL && !is_needed;
        if ((may_stay_out && (is_rule || random_below(3) == 0)) || is_out ||
            message == ASSAY_MESSAGE_LOGPROBS) {
            continue; /* counts that must agree have separate tests */
        }
        if (field->presence != ASSAY_REPEATED) {
            fill_value(arena, field, place);
            continue;
        }
        size_t count = field->times_min + (size_t)random_below(3);
        uint8_t *item = arena_take(arena, count + 1, field->item_size);
        struct span list = {item, count};
        memcpy(place, &list, sizeof list);
        for (; count > 0; count--, item += field->item_size) {
            fill_value(arena, field, item);
        }
    }
}

/* Encodes random messages of each kind, and passes their bytes and message numbers to `use`. */
static void with_random_bodies(void (*use)(unsigned message, const uint8_t *body, size_t size)) {
    for (int round = 0; round < 20; round++) {
        for (unsigned message = 0; message < ASSAY_MESSAGE_COUNT; message++) {
            struct arena arena = {.allocator = &plain_allocator};
            struct buffer buffer = {.allocator = &plain_allocator};
            struct codec codec = {.buffer = &buffer};
            uint8_t *object = arena_take(&arena, 1, assay_messages[message].size);
            fill_random(&arena, message, object);
            bool fine = put_record(&codec, message, object);
            CHECK(fine);
            if (fine) {
                use(message, buffer.bytes, buffer.size);
            } else {
                fprintf(stderr, "%s: %s\n", assay_messages[message].name, codec.path);
            }
            buffer_free(&buffer);
            arena_free(&arena);
        }
    }
}

#endif
