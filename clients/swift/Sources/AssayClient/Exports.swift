// The messages and limits of the protocol come with the client: one import is enough.

@_exported import Wire
