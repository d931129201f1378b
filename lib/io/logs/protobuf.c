/* Fields by their wire types. Groups, which are obsolete, are errors. */
#include "protobuf.h"

#include <string.h>

int gk_proto_varint(struct gk_proto *m, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && m->p < m->end; shift += 7) {
        const unsigned char byte = *m->p++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return 0;
    }
    return -1;
}

static int fixed(struct gk_proto *m, size_t n, uint64_t *value)
{
    *value = 0;
    if ((size_t)(m->end - m->p) < n)
        return -1;
    memcpy(value, m->p, n);
    m->p += n;
    return 0;
}

int gk_proto_next(struct gk_proto *m, struct gk_proto_field *f)
{
    uint64_t key;
    if (m->p == m->end)
        return 0;
    if (gk_proto_varint(m, &key))
        return -1;
    f->number = key >> 3;
    f->wire = (enum gk_proto_wire)(key & 7);
    f->bytes = (struct gk_proto){m->end, m->end};
    if (f->number == 0)
        return -1;
    switch (f->wire) {
    case GK_PROTO_VARINT:
        return gk_proto_varint(m, &f->value) ? -1 : 1;
    case GK_PROTO_FIXED64:
        return fixed(m, 8, &f->value) ? -1 : 1;
    case GK_PROTO_FIXED32:
        return fixed(m, 4, &f->value) ? -1 : 1;
    case GK_PROTO_BYTES:
        if (gk_proto_varint(m, &f->value) || f->value > (size_t)(m->end - m->p))
            return -1;
        f->bytes = (struct gk_proto){m->p, m->p + f->value};
        m->p += f->value;
        return 1;
    }
    return -1;
}
