/* The default driver: one file per blob in 256 folders. */
#ifndef BLOBS_DIRECTORY_H
#define BLOBS_DIRECTORY_H

#include "blobs/driver.h"

extern const blob_driver blob_driver_directory;

/* Opens the folder. NOT_FOUND, IO. */
status directory_open(const blobs_options *options, void **state);

#endif
