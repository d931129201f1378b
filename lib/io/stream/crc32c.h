/* The checksum of TensorBoard's records: CRC-32C (Castagnoli), the bits in reflected order. */
#ifndef GK_CRC32C_H
#define GK_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Extends the checksum CRC by N bytes; CRC is 0 before the first. */
uint32_t gk_crc32c(uint32_t crc, const void *p, size_t n);
/* The form that a record stores: rotated and shifted, so that data that hold checksums still have
 * useful ones. */
uint32_t gk_crc32c_masked(uint32_t crc);

#endif
