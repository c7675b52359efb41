// Package sdktest has what the tests of both SDKs share: proofs over their
// operations, and a transport that writes down what is sent.
package sdktest
