/* A library for libvirtd's LD_PRELOAD: /srv/shared lies on a file system that hosts share. From 10.8 on its setting
   shared_filesystems says so; before, it believes only what statfs() says, and refuses to move machines from a local disk. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OCFS2_SUPER_MAGIC 0x7461636f

int statfs(const char *path, struct statfs *is) {
  int failed = syscall(SYS_statfs, path, is);
  if (!failed && strncmp(path, "/srv/shared", 11) == 0) is->f_type = OCFS2_SUPER_MAGIC;
  return failed;
}

int statfs64(const char *path, struct statfs64 *is) { return statfs(path, (struct statfs *)is); }
