/* The checksum of TensorBoard's records: CRC-32C (Castagnoli), the bits in reflected order. */
#ifndef GK_CRC32C_H
#define GK_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of N more bytes after those whose checksum is CRC; 0 before the first. */
uint32_t gk_crc32c(uint32_t crc, const void *p, size_t n);
/* As it stands in a record: rotated and shifted, so that a checksum of checksums is none of the
 * usual. */
uint32_t gk_crc32c_masked(uint32_t crc);

#endif
