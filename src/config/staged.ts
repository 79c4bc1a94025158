/**
 * Name of the folder, in a container's folder for temporary files, to which a cloud run copies its cache: its run records that
 * path as `data.cache_dir`, which says where it was read and not where it is kept.
 */
export const STAGED_CACHE = 'bgb-cache';
