// Package emulator stands in for Microsoft Entra ID, Defender and Graph on loopback TLS.
package emulator
