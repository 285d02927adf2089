/** Settings of fast-check for all tests. */
import fc from "fast-check";

// Without this, { maxLength: 700 } makes arrays of ten elements: its default size is small whatever the maximum.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
