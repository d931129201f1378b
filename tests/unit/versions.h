/* A function or table of the networks in each instruction set, in the order of enum gk_isa. */
#ifndef GK_TEST_VERSIONS_H
#define GK_TEST_VERSIONS_H

#ifdef __x86_64__
#define VERSIONS(name)                                                                             \
    {                                                                                              \
        name##_v1, name##_v3, name##_v4                                                            \
    }
#else
#define VERSIONS(name)                                                                             \
    {                                                                                              \
        name##_v1                                                                                  \
    }
#endif

#endif
