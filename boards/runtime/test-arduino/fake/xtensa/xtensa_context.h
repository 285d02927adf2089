#pragma once
typedef struct {
  long pc, a0;
} XtExcFrame;
