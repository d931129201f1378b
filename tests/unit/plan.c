/* The size of tiles, by the size of the network. */
#include "nn/plan/plan.h"

#include "check.h"

static size_t tile_of(int dim, int ff, size_t rows, size_t least)
{
    const struct gk_arch a = {
        .model = GK_TRANSFORMER, .layers = 2, .dim = dim, .heads = 4, .ff = ff, .vocab = 99};
    return gk_plan_tile(&a, rows, least);
}

/* Enough rows for the largest tile. */
static size_t tile(int dim, int ff, size_t least)
{
    return tile_of(dim, ff, 20000, least);
}

int main(void)
{
    static const size_t leasts[] = {160, 320};
    for (size_t i = 0; i < 2; i++) {
        const size_t least = leasts[i];
        /* Networks up to the default one keep their tiles: the order of their sums, and so their
         * bytes, stay. */
        for (int dim = 4; dim <= 128; dim += 4)
            CHECK_INT_EQ(tile(dim, 4 * dim, least), least);
        CHECK_INT_EQ(tile(128, 64, least), least);
        CHECK_INT_EQ(tile(256, 1024, least), 320);
        CHECK_INT_EQ(tile(512, 2048, least), 320);
        CHECK_INT_EQ(tile(1 << 20, 1 << 22, least), 320);
        /* The tiles of a wide network grow as long as there is one for each of many threads. */
        CHECK_INT_EQ(tile_of(128, 512, 716, least), least);
        CHECK_INT_EQ(tile_of(256, 1024, 716, least), least);
        CHECK_INT_EQ(tile_of(512, 2048, 2376, least), least);
        CHECK_INT_EQ(tile_of(512, 2048, 6400, least), least < 200 ? 200 : 320);
        for (int dim = 4; dim < 1000; dim += 4) {
            CHECK(tile(dim + 4, 512, least) >= tile(dim, 512, least));
            CHECK_INT_EQ(tile(dim, 512, least) % 8, 0);
        }
    }
    return check_status();
}
