/* The system calls alone, for how fast a walk could be at best.
 *
 *     floor list FOLDER     reads all folders
 *     floor look FOLDER     and asks stat of each name
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static unsigned long sum;

static void walk(int parent, const char *name, int look) {
  int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *listing = folder < 0 ? NULL : fdopendir(folder);
  struct dirent *entry;
  struct stat told;
  if (!listing) return;
  while ((entry = readdir(listing))) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    sum += entry->d_ino;
    if (look && !fstatat(folder, entry->d_name, &told, AT_SYMLINK_NOFOLLOW)) sum += told.st_nlink;
    if (entry->d_type == DT_DIR) walk(folder, entry->d_name, look);
  }
  closedir(listing);
}

int main(int count, char **words) {
  if (count != 3) return 2;
  walk(AT_FDCWD, words[2], !strcmp(words[1], "look"));
  printf("%lu\n", sum);
  return 0;
}
