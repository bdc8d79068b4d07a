#include <stdio.h>
#include <stdlib.h>
#include "greeting.h"

int main(void) {
  const char *whom = getenv("GREETED");
  printf("%s, %s\n", greeting(), whom ? whom : "nobody");
  return 0;
}
