/* The version of gk, defined only here. */
#ifndef GK_VERSION_H
#define GK_VERSION_H
#define GK_VERSION "1.0.0"
#endif
