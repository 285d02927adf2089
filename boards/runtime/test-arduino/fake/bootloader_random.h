#pragma once
void bootloader_random_enable();
void bootloader_random_disable();
