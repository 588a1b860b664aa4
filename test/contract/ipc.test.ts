// The contracts over ipc:// within one thread.
import { wireContract } from './wire-contract.ts'

wireContract('ipc')
