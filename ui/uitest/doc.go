// Package uitest runs a compiled program on an emulated terminal. It types keys, waits
// for text on the screen, compares screens with golden files and draws pictures of them.
//
// Only tests import it. They do not check the bytes that the program writes: painting
// is incremental, so many byte streams lead to the same screen. They do not sleep: each
// wait is for a state of the screen.
package uitest
