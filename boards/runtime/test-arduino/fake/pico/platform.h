#pragma once
#define __uninitialized_ram(name) name
