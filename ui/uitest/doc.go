// Package uitest runs a compiled program on a terminal of its own and looks at
// the screen as a person would: it types keys, waits for what appears,
// compares whole screens with golden files and takes pictures of them.
//
// Only tests import it. They never look at the bytes that the program writes:
// painting is incremental, so the same screen is reached by many byte streams.
// Nothing waits by sleeping: every wait is for something to be on the screen.
package uitest
