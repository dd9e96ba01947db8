/* The system calls alone of judging pairs, for how fast it could be at best.
 *
 *     floor_pairs FILE OTHER FILE OTHER ...
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLAGS (O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
#define ROOM 17

struct map {
  struct fiemap head;
  struct fiemap_extent extents[ROOM];
};

static struct map maps[3];

static int ask(int file, struct map *map) {
  memset(map, 0, sizeof *map);
  map->head.fm_length = ~0ULL;
  map->head.fm_flags = FIEMAP_FLAG_SYNC;
  map->head.fm_extent_count = ROOM;
  return ioctl(file, FS_IOC_FIEMAP, map);
}

static int look(int at, const char *path, int flags, struct statx *told) {
  return statx(at, path, flags, STATX_BASIC_STATS, told);
}

static int is_reflink(const char *one, const char *two) {
  struct statx before[2], after[2];
  int first, second, same;
  if (look(AT_FDCWD, one, AT_SYMLINK_NOFOLLOW, &before[0]) ||
      look(AT_FDCWD, two, AT_SYMLINK_NOFOLLOW, &before[1]))
    return 0;
  first = open(one, FLAGS);
  second = open(two, FLAGS);
  same = !ask(first, &maps[0]) && !ask(second, &maps[1]) && !ask(first, &maps[2]) &&
         !memcmp(&maps[0], &maps[1], sizeof maps[0]) && !memcmp(&maps[0], &maps[2], sizeof maps[0]) &&
         !look(first, "", AT_EMPTY_PATH, &after[0]) && !look(second, "", AT_EMPTY_PATH, &after[1]) &&
         !memcmp(before, after, sizeof before);
  close(second);
  close(first);
  return same;
}

int main(int count, char **words) {
  int reflinks = 0, at;
  for (at = 1; at + 1 < count; at += 2) reflinks += is_reflink(words[at], words[at + 1]);
  printf("%d\n", reflinks);
  return 2 * reflinks != count - 1;
}
