/* Protocol Buffers: the fields of one message, without its schema. */
#ifndef GK_PROTOBUF_H
#define GK_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

struct gk_proto { /* the rest of a message, in the caller's memory */
    const unsigned char *p, *end;
};

enum gk_proto_wire {
    GK_PROTO_VARINT = 0,
    GK_PROTO_FIXED64 = 1,
    GK_PROTO_BYTES = 2,
    GK_PROTO_FIXED32 = 5
};

struct gk_proto_field {
    uint64_t number;
    enum gk_proto_wire wire;
    uint64_t value;        /* of a varint or a fixed field */
    struct gk_proto bytes; /* of a field of bytes: a string, a message, packed numbers */
};

/* 1: a field, 0: the end, -1: not a message. */
int gk_proto_next(struct gk_proto *m, struct gk_proto_field *f);
/* The next of packed numbers: 0, or -1 if there is none. */
int gk_proto_varint(struct gk_proto *m, uint64_t *value);

#endif
