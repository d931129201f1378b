/* The version of gk, here alone. */
#ifndef GK_VERSION_H
#define GK_VERSION_H
#define GK_VERSION "1.0"
#endif
